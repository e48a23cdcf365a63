"""The example of an environment file for the stack in containers."""

from collections.abc import Sequence

from services.cli.reference.setting_list import Setting, grouped

_HEAD = """\
# Settings of the stack in containers. `make compose` copies this file to `.env`, with new secrets.

# Password of the database, letters and digits only.
POSTGRES_PASSWORD=
# Keys that seal credentials and stored files: a JSON list of base64 keys of 32 bytes (openssl rand -base64 32).
# The first seals, all of them open. Keep them: without, nothing stored can be read.
CONTACTS_SYNC_SECRETS__KEYS=
# Ports on this machine's loopback interface: the web page, Kafka, the mails that would have gone out.
WEB_PORT=8080
KAFKA_PORT=29092
MAIL_PORT=8025

# All else has the default that stands here. Addresses and ports inside the stack are decided by
# docker-compose.yml.
"""

DECIDED_BY_COMPOSE = (
    "KAFKA__BOOTSTRAP_SERVERS",
    "KAFKA__EMBEDDED",
    "POSTGRES__DSN",
    "OBJECTS__URL",
    "SECRETS__KEYS",
    "HEALTH__HOST",
    "HEALTH__PORT",
    "WEB__HOST",
    "WEB__PORT",
)
"""Ends of the variables that are not the reader's: docker-compose.yml sets them, or the head has them."""


def example_environment(settings: Sequence[Setting]) -> str:
    """Return a file that names every setting that is left to the reader, commented out, at its default."""
    parts = [_HEAD]
    for group, members in grouped(settings):
        left = [setting for setting in members if not setting.variable.endswith(DECIDED_BY_COMPOSE)]
        if left:
            parts.append(f"\n## {group}\n")
        parts += [f"# {setting.meaning}\n#{setting.variable}={setting.default or ''}\n" for setting in left]
    return "".join(parts)
