"""What two row hashes must share to be comparable."""

import hashlib
import json
from collections.abc import Iterable

from services.syncer.domain.row_hash import HASH_VERSION
from shared.rules.kinds import Kind
from shared.rules.letter_case import Case


def scheme_digest(
    key_field: int, fields: Iterable[tuple[int, Kind, Case | None]], *, trim: bool, fingerprint_key: str
) -> str:
    """Return a digest of all that decides what a row's hash is over.

    `fields` are those that the file's rows fill, in their order; `fingerprint_key` names the key of password
    fingerprints.
    """
    parts = {
        "version": HASH_VERSION,
        "fingerprint_key": fingerprint_key,
        "trim": trim,
        "key_field": key_field,
        "fields": list(fields),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
