"""What each service process of the embedded stack is told, through its environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.cli.embedded.ports import LOOPBACK

PREFIX = "CONTACTS_SYNC_"
POSTGRES_DSN = f"{PREFIX}POSTGRES__DSN"
BOOTSTRAP_SERVERS = f"{PREFIX}KAFKA__BOOTSTRAP_SERVERS"
SMTP_URL = f"{PREFIX}NOTIFIER__SMTP_URL"

# They learn everything from the events they hear, so that more of them can run anywhere.
WITHOUT_DATABASE = frozenset({"fetcher", "parser"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the services of one stack stand on; `mail_url` and `smtp_url` are None without the mail sink."""

    postgres_dsn: str
    bootstrap_servers: str
    embedded_broker: bool
    objects_url: str
    sealing_keys: str
    public_url: str
    smtp_url: str | None
    mail_url: str | None


def user_setting(environment: Mapping[str, str], name: str) -> str | None:
    """Return a setting of the user's, None when absent or empty; the case of its name does not count."""
    return next((value for key, value in environment.items() if key.upper() == name and value), None)


def service_environment(
    base: Mapping[str, str],
    around: Surroundings,
    *,
    service: str,
    health_port: int,
    web: tuple[str, int],
) -> dict[str, str]:
    """Return a service's environment: the user's, with what the stack decides set over it.

    Keys, object store, public address and mail server of the user's own stand.
    """
    decided = {
        POSTGRES_DSN: around.postgres_dsn,
        BOOTSTRAP_SERVERS: around.bootstrap_servers,
        f"{PREFIX}KAFKA__EMBEDDED": "true" if around.embedded_broker else "false",
        f"{PREFIX}WEB__HOST": web[0],
        f"{PREFIX}WEB__PORT": str(web[1]),
        f"{PREFIX}HEALTH__HOST": LOOPBACK,
        f"{PREFIX}HEALTH__PORT": str(health_port),
    }
    offered = {
        f"{PREFIX}OBJECTS__URL": around.objects_url,
        f"{PREFIX}SECRETS__KEYS": around.sealing_keys,
        f"{PREFIX}WEB__PUBLIC_URL": around.public_url,
        SMTP_URL: around.smtp_url,
        f"{PREFIX}WEB__MAIL_URL": around.mail_url,
    }
    result = {key: value for key, value in base.items() if key.upper() not in decided}
    result |= {name: value for name, value in offered.items() if value is not None and user_setting(base, name) is None}
    result |= decided
    if service in WITHOUT_DATABASE:
        group = f"{PREFIX}POSTGRES"
        result = {
            key: value
            for key, value in result.items()
            if key.upper() != group and not key.upper().startswith(f"{group}__")
        }
    return result
