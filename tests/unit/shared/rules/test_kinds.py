import re
import time

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import UserError
from shared.rules.kinds import Kind, Notation, check, validate_notation
from shared.rules.sizes import MAX_ROW_BYTES

COMMA = Notation(decimal_separator=",")
GERMAN = Notation(phone_region="DE")


@pytest.mark.parametrize("kind", list(Kind))
def test_empty_is_never_refused(kind: Kind) -> None:
    assert check(kind, "", Notation()) is None


@pytest.mark.parametrize("value", ["x", "\x01", " ", "\u202e"])
@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.PASSWORD])
def test_text_and_passwords_refuse_nothing(kind: Kind, value: str) -> None:
    assert check(kind, value, Notation()) is None


@pytest.mark.parametrize(
    "value",
    [
        "a@example.com",
        "a.b+c@x.test",
        "o'neil@example.org",
        "a@corp.local",
        "x@b.invalid",
        "jörg@müller.de",
        "a@xn--mller-kva.de",
    ],
)
def test_addresses(value: str) -> None:
    assert check(Kind.EMAIL, value, Notation()) is None


@pytest.mark.parametrize(
    "value",
    [
        *(
            "a",
            "a@",
            "@b.de",
            "a@b",
            "a b@c.de",
            "a@b..de",
            "a@-b.de",
            "a@@b.de",
            "a@b.de, c@d.de",
            " a@b.de",
        ),
        *("a..b@c.de", "A <a@b.de>", "a@.local", "a b@c.test", "a@" + "b" * 64 + ".de"),
    ],
)
def test_no_addresses(value: str) -> None:
    assert check(Kind.EMAIL, value, Notation()) == "email_invalid"


@given(st.from_regex(r"[A-Za-z0-9_+.-]{1,6}@([a-zA-Z0-9-]{1,5}\.){0,3}[A-Za-z0-9-]{1,4}", fullmatch=True))
def test_the_shortcut_takes_only_what_email_validator_takes(value: str) -> None:
    try:
        validate_email(value, check_deliverability=False)
        expected = None
    except EmailNotValidError:
        expected = "email_invalid"
    assert check(Kind.EMAIL, value, Notation()) == expected


@pytest.mark.parametrize(
    ("value", "notation", "fine"),
    [
        ("+49 30 1234567", Notation(), True),
        ("030 1234567", GERMAN, True),
        ("(030) 123-4567", GERMAN, True),
        ("030 1234567", Notation(), False),
        ("12", Notation("US"), False),
        ("(212) 555-0100", Notation("US"), True),
        ("none", GERMAN, False),
        ("+49 (0) 30 / 123-45.67", Notation(), True),
        ("+49\xa030 1234567", Notation(), True),
        ("\uff0b\uff14\uff19 30 1234567", Notation(), True),
        ("(212) 555-0100 ext. 12", Notation("US"), True),
        ("(212) 555-0100 x12", Notation("US"), True),
        ("+49 30 1234567;ext=12", Notation(), True),
        ("1-800-FLOWERS", Notation("US"), False),
        ("Mr Miller 030 1234567", GERMAN, False),
        ("030 1234567 (Mr Miller)", GERMAN, False),
        ("N/A 5551234", GERMAN, False),
        ("<script>0301234567", GERMAN, False),
        ("12.03.2024", GERMAN, False),
        ("2024-03-12", GERMAN, False),
        ("+49 30 12345678901234567", GERMAN, False),
    ],
)
def test_phones(value: str, notation: Notation, fine: bool) -> None:  # noqa: FBT001 - a table's column
    assert check(Kind.PHONE, value, notation) == (None if fine else "phone_invalid")


@pytest.mark.parametrize("value", ["0", "12", "-5", "+5.25", "00123", ".5", "5.", "123456789012345678901234567890"])
def test_numbers(value: str) -> None:
    assert check(Kind.NUMBER, value, Notation()) is None
    assert check(Kind.NUMBER, value.replace(".", ","), COMMA) is None


@pytest.mark.parametrize(
    "value", ["", ".", "-", "1,5", "1.2.3", "1e5", "1 000", "\u0661", "0x1", "NaN", "1.5\n", "--1", "5-"]
)
def test_no_numbers(value: str) -> None:
    assert check(Kind.NUMBER, value, Notation()) == ("number_invalid" if value else None)


def test_the_other_separator_is_refused() -> None:
    assert check(Kind.NUMBER, "1.5", COMMA) == "number_invalid"


@pytest.mark.parametrize(
    ("value", "date_format", "fine"),
    [
        ("2026-12-31", "%Y-%m-%d", True),
        ("2026-02-30", "%Y-%m-%d", False),
        ("31.12.2026", "%Y-%m-%d", False),
        ("31.12.2026", "%d.%m.%Y", True),
        ("2026-12-31 ", "%Y-%m-%d", False),
        ("٢٠٢٦-12-31", "%Y-%m-%d", False),
        ("29.02.", "%d.%m.", True),
        ("30.02.", "%d.%m.", False),
        ("2024-02-29", "%Y-%m-%d", True),
        ("2023-02-29", "%Y-%m-%d", False),
        ("20240115", "%Y%m%d", True),
        ("2024115", "%Y%m%d", False),
        ("5.1.2024", "%d.%m.%Y", True),
        (" 5.1.2024", "%d.%m.%Y", False),
        ("5 Jan 2024", "%d %b %Y", True),
        ("2024-01-15 10:00", "%Y-%m-%d %H:%M", True),
        ("2024-01- 5 10:00", "%Y-%m-%d %H:%M", False),
        ("2024-01-15\n 10:00", "%Y-%m-%d %H:%M", False),
        ("5   Jan\t2024", "%d %b %Y", False),
        ("5 Jan\t2024", "%d\t%b %Y", False),
        ("5\tJan 2024", "%d\t%b %Y", True),
    ],
)
def test_dates(value: str, date_format: str, fine: bool) -> None:  # noqa: FBT001 - a table's column
    assert check(Kind.DATE, value, Notation(date_format=date_format)) == (None if fine else "date_invalid")


@pytest.mark.parametrize(
    ("notation", "code"),
    [
        (Notation(phone_region="ZZ"), "phone_region_unknown"),
        (Notation(phone_region="de"), "phone_region_unknown"),
        (Notation(decimal_separator=" "), "decimal_separator_invalid"),
        (Notation(date_format="YYYY-MM-DD"), "date_format_invalid"),
        (Notation(date_format="%Q"), "date_format_invalid"),
        (Notation(date_format=""), "date_format_invalid"),
    ],
)
def test_notations_refused(notation: Notation, code: str) -> None:
    with pytest.raises(UserError) as caught:
        validate_notation(notation)
    assert caught.value.code == code


@pytest.mark.parametrize("notation", [Notation(), Notation("DE", ",", "%d.%m.%y"), Notation(date_format="%d %B %Y")])
def test_notations_taken(notation: Notation) -> None:
    validate_notation(notation)


@pytest.mark.parametrize("kind", [Kind.EMAIL, Kind.PHONE, Kind.NUMBER, Kind.DATE])
@pytest.mark.parametrize("part", [" ", "1", "-", "a", ".", "@", "(", "\u3000", "1 ", "a.", ",;"])
def test_a_cell_of_the_largest_size_takes_no_time(kind: Kind, part: str) -> None:
    values = [f"{begin}{part * (MAX_ROW_BYTES // len(part))}{end}" for begin in ("", "0", "a@") for end in ("", "!")]
    began = time.process_time()
    for value in values:
        check(kind, value, Notation("DE"))
    assert time.process_time() - began < 60 * _whole_pass(values)


def _whole_pass(values: list[str]) -> float:
    """Return how long it takes to look at each sign once, and a little more."""
    began = time.process_time()
    for value in values:
        re.fullmatch("(?:[0-9]|[^0-9])*+", value)
    return 0.01 + time.process_time() - began
