import pytest

from shared.rules.invisible import made_visible


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("No", "No"),
        ("\ufeffNo", "\\ufeffNo"),
        ("E\u200bmail", "E\\u200bmail"),
        ("a\x00 b", "a\\u0000 b"),
        ("First name\u200d", "First name\\u200d"),
        ("क\u200dष", "क\u200dष"),
        ("Straße 中", "Straße 中"),
    ],
)
def test_signs_that_nobody_sees_are_written_out(text: str, visible: str) -> None:
    assert made_visible(text) == visible
