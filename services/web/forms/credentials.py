"""A remote source's secrets: sealed as one JSON text, opened only to be kept, and never shown."""

import json
from dataclasses import dataclass, field

from shared.events.set_up import RemoteSource
from shared.sealing import Sealer

PURPOSE = "credentials"


@dataclass(frozen=True)
class Credentials:
    """A password, a private key (PEM), both or neither."""

    password: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)

    def sealed(self, sealer: Sealer) -> str | None:
        """Return them sealed, None where there are none."""
        if self.password is None and self.private_key is None:
            return None
        return sealer.seal(json.dumps({"password": self.password, "private_key": self.private_key}), PURPOSE)


def credentials_of(source: RemoteSource, sealer: Sealer) -> Credentials:
    """Return a stored source's secrets."""
    if source.secrets is None:
        return Credentials()
    return Credentials(**json.loads(sealer.open(source.secrets, PURPOSE)))
