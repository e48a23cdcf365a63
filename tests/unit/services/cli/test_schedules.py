import pytest
from typer.testing import CliRunner

from services.cli.main import app


def explained(*arguments: str) -> tuple[int, str]:
    shown = CliRunner().invoke(app, ["schedules", "explain", *arguments])
    return shown.exit_code, shown.output


def test_a_rule_is_explained_with_its_next_times() -> None:
    code, text = explained("FREQ=MONTHLY;BYMONTHDAY=-1", "--start", "2400-01-01T06:30", "--zone", "Europe/Berlin")
    assert code == 0
    assert text.splitlines() == [
        "Every month on the last day at 06:30 (Europe/Berlin), from 1 January 2400.",
        "  Mon 2400-01-31 06:30 CET",
        "  Tue 2400-02-29 06:30 CET",
        "  Fri 2400-03-31 06:30 CEST",
        "  Sun 2400-04-30 06:30 CEST",
        "  Wed 2400-05-31 06:30 CEST",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"), [(["often"], "recurrence rule"), (["FREQ=DAILY", "--zone", "Mars"], "time zone")]
)
def test_what_is_wrong_is_said(arguments: list[str], words: str) -> None:
    code, text = explained(*arguments)
    assert code == 2
    assert words in text
