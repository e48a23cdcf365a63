"""A remote source's secrets: sealed as one JSON text, opened only to be kept, and never shown."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from shared.events.set_up import RemoteSource
from shared.sealing import Sealer

PURPOSE = "credentials"
SECRETS = ("password", "private_key", "passphrase", "bearer_token", "headers")
"""The inputs that hold secrets."""


@dataclass(frozen=True)
class Credentials:
    """What a server is told; each part None where there is none. A private key is PEM or OpenSSH's own form."""

    password: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)
    bearer_token: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] | None = field(default=None, repr=False)

    def sealed(self, sealer: Sealer) -> str | None:
        """Return them sealed, None where there are none."""
        present = {name: secret for name, secret in asdict(self).items() if secret}
        return sealer.seal(json.dumps(present), PURPOSE) if present else None


def credentials_of(source: RemoteSource, sealer: Sealer) -> Credentials:
    """Return a stored source's secrets."""
    if source.secrets is None:
        return Credentials()
    return Credentials(**json.loads(sealer.open(source.secrets, PURPOSE)))
