import pytest

from shared.errors import UserError
from shared.rules.recurrence_rule import RecurrenceRule, parse_rule, rule_text


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU",
        "FREQ=MONTHLY;BYMONTHDAY=-3,-1,15",
        "FREQ=MONTHLY;COUNT=5;BYDAY=-1FR",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU,1MO",
        "FREQ=YEARLY;BYWEEKNO=-1,20",
        "FREQ=YEARLY;BYYEARDAY=-1,1,100",
        "FREQ=YEARLY;UNTIL=20270101T000000Z;BYDAY=20MO",
        "FREQ=HOURLY;INTERVAL=3;BYHOUR=9,10;BYMINUTE=0,30",
        "FREQ=DAILY;UNTIL=20270101T235959",
    ],
)
def test_a_rule_is_written_as_it_was_read(text: str) -> None:
    assert rule_text(parse_rule(text)) == text


def test_spellings_of_one_rule() -> None:
    rule = RecurrenceRule("WEEKLY", weekdays=((0, 0), (0, 4)))
    for text in (
        "FREQ=WEEKLY;BYDAY=FR,MO",
        " rrule:freq=weekly;byday=MO,FR,MO;interval=1 ",
        "BYDAY=MO,FR;FREQ=WEEKLY;WKST=MO",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,FR;",
    ):
        assert parse_rule(text) == rule
    assert parse_rule("FREQ=MONTHLY;BYDAY=+1MO") == parse_rule("FREQ=MONTHLY;BYDAY=1MO")
    assert parse_rule("FREQ=DAILY;UNTIL=20270101") == parse_rule("FREQ=DAILY;UNTIL=20270101T235959")


@pytest.mark.parametrize(
    "text",
    [
        *("", "daily", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=x", "FREQ=SOMETIMES", "FREQ=", "FREQ"),
        *("FREQ=DAILY;FREQ=DAILY", "INTERVAL=2", "FREQ=DAILY;;", "FREQ=DAILY\nRRULE:FREQ=DAILY"),
        *("FREQ=DAILY;X=1", "FREQ=DAILY;INTERVAL=99999999", "FREQ=WEEKLY;BYDAY=XX", "FREQ=DAILY;BYHOUR=24"),
        *("FREQ=DAILY;UNTIL=20271301", "FREQ=DAILY;UNTIL=2027-01-01", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;BYMINUTE=60"),
        *(
            "FREQ=DAILY;COUNT=2;UNTIL=20270101",
            "FREQ=WEEKLY;BYDAY=1MO",
            "FREQ=MONTHLY;BYDAY=6MO",
            "FREQ=DAILY;BYDAY=0MO",
        ),
        *(
            "FREQ=YEARLY;BYDAY=54MO",
            "FREQ=MONTHLY;BYMONTHDAY=0",
            "FREQ=MONTHLY;BYMONTHDAY=32",
            "FREQ=YEARLY;BYMONTH=13",
        ),
        *("FREQ=MONTHLY;BYWEEKNO=2", "FREQ=DAILY;BYYEARDAY=2", "FREQ=WEEKLY;BYMONTHDAY=2", "FREQ=DAILY;BYSETPOS=1"),
        *(
            "FREQ=YEARLY;BYWEEKNO=2;BYDAY=1MO",
            "FREQ=DAILY;INTERVAL=\N{ARABIC-INDIC DIGIT TWO}",
            "FREQ=DAILY;INTERVAL=-1",
        ),
        "FREQ=YEARLY;BYYEARDAY=" + ",".join(map(str, range(1, 366))),
    ],
)
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_rule(text)
    assert (caught.value.code, caught.value.field) == ("rrule_invalid", "schedule.rrule")


@pytest.mark.parametrize("start", ["DTSTART:20260101T063000", "DTSTART;TZID=Europe/Berlin:20260101T063000"])
def test_a_start_pasted_with_its_rule_is_named(start: str) -> None:
    with pytest.raises(UserError, match="start and time zone stand beside it"):
        parse_rule(f"{start}\nRRULE:FREQ=DAILY")
