import pytest

from services.syncer.domain.row_scheme import scheme_digest
from shared.rules.kinds import Kind
from shared.rules.letter_case import Case

FIELDS: list[tuple[int, Kind, Case | None]] = [(2, Kind.TEXT, None), (3, Kind.EMAIL, Case.LOWER)]


def digest(fields: list[tuple[int, Kind, Case | None]] = FIELDS, *, trim: bool = True, key: str = "k1") -> str:
    return scheme_digest(1, fields, trim=trim, fingerprint_key=key)


@pytest.mark.parametrize(
    "other",
    [
        digest(list(reversed(FIELDS))),
        digest([(2, Kind.PHONE, None), FIELDS[1]]),
        digest([FIELDS[0], (3, Kind.EMAIL, None)]),
        digest(trim=False),
        digest(key="k2"),
        scheme_digest(4, FIELDS, trim=True, fingerprint_key="k1"),
    ],
)
def test_anything_else_is_another_scheme(other: str) -> None:
    assert other != digest()
    assert digest() == digest(list(FIELDS))
