"""Secrets that are made up once, at a stack's first start, and kept in files only their owner can read."""

import base64
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


def random_text() -> str:
    """Return 32 random bytes as text that needs no escaping in a URL."""
    return secrets.token_urlsafe(32)


def kept(path: Path, make: Callable[[], str]) -> str:
    """Return what the file holds; where there is none, make it, durable and mode 0600, before it is used."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = path.with_name(f"{path.name}.new")
        half.unlink(missing_ok=True)
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        half.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    return path.read_text()


def _sealing_keys() -> str:
    return json.dumps([base64.b64encode(secrets.token_bytes(32)).decode()])


@dataclass(frozen=True, slots=True)
class StackSecrets:
    """`sealing_keys` is a JSON list of base64 keys of 32 bytes, as the services' settings take it."""

    sealing_keys: str
    api_token: str
    admin_password: str

    @classmethod
    def kept_in(cls, folder: Path) -> "StackSecrets":
        """Return the folder's secrets, made at the first call."""
        return cls(
            sealing_keys=kept(folder / "sealing_keys.json", _sealing_keys),
            api_token=kept(folder / "api_token", random_text),
            admin_password=kept(folder / "admin_password", random_text),
        )
