"""Sealing: AES-GCM under rotating keys, and the keyed fingerprint that tells whether a password changed."""

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import PermanentError

KEY_BYTES = 32
KEY_ID_BYTES = 6
NONCE_BYTES = 12
TAG_BYTES = 16


class Sealer:
    """Seals with the first key and opens with any; each sealed value names its key.

    `purpose` is bound to the value: what was sealed as one thing cannot be opened as another.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise PermanentError(
                "secret_keys_invalid",
                "CONTACTS_SYNC_SECRETS__KEYS needs at least one base64 key of 32 bytes.",
            )
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._current = _key_id(keys[0])
        self._fingerprint_key = hashlib.blake2b(keys[0], person=b"fingerprint").digest()
        self.fingerprint_key_id = self._current.hex()

    @classmethod
    def from_base64(cls, keys: Sequence[str]) -> "Sealer":
        """Build from base64 keys, the first of which seals."""
        return cls([base64.b64decode(key) for key in keys])

    def seal_bytes(self, clear: bytes | memoryview, purpose: str) -> bytes:
        """Return key id, nonce, ciphertext and tag as one value."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, clear, purpose.encode())
        return self._current + nonce + sealed

    def open_bytes(self, sealed: bytes | memoryview, purpose: str) -> bytes:
        """Return what was sealed; PermanentError `seal_broken` where no key fits or the value was changed."""
        key_id, rest = sealed[:KEY_ID_BYTES], sealed[KEY_ID_BYTES:]
        cipher = self._ciphers.get(bytes(key_id))
        if cipher is None:
            raise PermanentError("seal_broken", "A sealed value names a key that is not among the settings' keys.")
        try:
            return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], purpose.encode())
        except InvalidTag as error:
            raise PermanentError("seal_broken", "A sealed value was damaged, or sealed for something else.") from error

    def seal(self, clear: str, purpose: str) -> str:
        """Seal a text; the answer is URL-safe base64."""
        return base64.urlsafe_b64encode(self.seal_bytes(clear.encode(), purpose)).decode()

    def open(self, sealed: str, purpose: str) -> str:
        """Open what `seal` made."""
        return self.open_bytes(base64.urlsafe_b64decode(sealed), purpose).decode()

    def resealed(self, sealed: str, purpose: str) -> str:
        """Return the same value under the first key; one that is there already stays as it is."""
        if base64.urlsafe_b64decode(sealed)[:KEY_ID_BYTES] == self._current:
            return sealed
        return self.seal(self.open(sealed, purpose), purpose)

    def fingerprint(self, *parts: str) -> str:
        """Return a keyed digest of the parts, which names its key; equal only for equal parts under the first key."""
        message = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
        return f"{self.fingerprint_key_id}:{hmac.new(self._fingerprint_key, message, hashlib.sha256).hexdigest()}"


def _key_id(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=KEY_ID_BYTES, person=b"key-id").digest()
