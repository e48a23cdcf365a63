import csv
import random
from pathlib import Path

from services.cli.demo.guests import guest_file
from services.cli.demo.people import HEADER, make_next_day, make_people, write_people
from shared.rules.kinds import Kind, Notation, check


def test_people_are_the_same_in_each_demo_and_told_apart_by_number() -> None:
    people = make_people(2000, random.Random(1))
    assert people == make_people(2000, random.Random(1))
    assert len({person.number for person in people}) == 2000


def test_values_are_of_the_kinds_that_their_fields_have() -> None:
    for person in make_people(2000, random.Random(1)):
        assert check(Kind.EMAIL, person.email, Notation()) is None, person
        assert check(Kind.DATE, person.joined, Notation()) is None, person


def test_the_file_holds_what_is_hard_in_csv_and_reads_back_as_written(tmp_path: Path) -> None:
    people = make_people(2000, random.Random(1))
    write_people(tmp_path / "people.csv", people)
    text = (tmp_path / "people.csv").read_bytes().decode("utf-8")
    assert '""' in text
    assert not text.isascii()
    rows = list(csv.reader(text.splitlines(keepends=True)))
    assert rows == [list(HEADER), *(list(person.cells()) for person in people)]
    assert any("\n" in cell for row in rows for cell in row)
    assert [path.name for path in tmp_path.iterdir()] == ["people.csv"]


def test_the_next_day_has_as_many_changed_gone_and_new_people_as_it_says() -> None:
    people = make_people(2000, random.Random(1))
    day = make_next_day(people, random.Random(2), gone=30, new=50)
    before, after = ({person.number: person for person in some} for some in (people, day.people))
    assert (day.changed, day.gone, day.new) == (20, 30, 50)
    assert len(before.keys() - after.keys()) == 30
    assert len(after.keys() - before.keys()) == 50
    assert sum(before[number] != after[number] for number in before.keys() & after.keys()) == 20


def test_the_guest_list_has_its_bad_lines_after_the_good_ones() -> None:
    lines = guest_file().splitlines()
    assert len(lines) == 106
    assert lines[100] == lines[105]
    assert "(at)" in lines[101]
