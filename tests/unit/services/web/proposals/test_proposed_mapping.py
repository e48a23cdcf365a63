"""The proposal: names, kinds, stored values and earlier imports together."""

import pytest

from services.web.proposals.evidence import Equal, Remembered, StoredEvidence, Target
from services.web.proposals.mapping import propose_mapping, suggested_kind
from services.web.proposals.unique_id import propose_unique_id
from shared.events.previews import ColumnDetails, FilePreview
from shared.rules.kinds import Kind
from tests.support.looking import preview_of

TARGETS = [
    Target(1, "No", Kind.TEXT),
    Target(2, "First name", Kind.TEXT),
    Target(3, "Last name", Kind.TEXT),
    Target(4, "Email", Kind.EMAIL),
    Target(5, "Birthday", Kind.DATE),
    Target(6, "Portal password", Kind.PASSWORD),
]


def looked_at(*columns: tuple[str, list[str]]) -> FilePreview:
    rows = zip(*(values for _, values in columns), strict=True)
    lines = [";".join(name for name, _ in columns), *(";".join(row) for row in rows)]
    return preview_of("\n".join(lines).encode(), delimiter=";", has_header=True)


def proposed(
    *columns: tuple[str, list[str]],
    targets: list[Target] = TARGETS,
    stored: StoredEvidence | None = None,
    remembered: dict[str, list[Remembered]] | None = None,
) -> dict[str, str]:
    shown = looked_at(*columns)
    lines = propose_mapping(shown.details, targets, remembered or {}, stored or StoredEvidence(), key_field=1)
    names = {target.number: target.name for target in targets}
    assert all(line.evidence for line in lines)
    assert all(60 <= line.score <= 100 for line in lines)
    return {shown.columns[line.column]: names[line.field] for line in lines}


MAILS = ["a@example.com", "b@example.com", "c@example.com"]
NAMES = ["Ann", "Bob", "Eve"]
DATES = ["2001-02-03", "1999-12-31", "1980-05-06"]


def test_by_names_and_kinds() -> None:
    assert proposed(
        ("Vorname", NAMES),
        ("Nachname", ["Lee", "Roe", "Poe"]),
        ("Nr", ["1", "2", "3"]),
        ("Mail", MAILS),
        ("DOB", DATES),
    ) == {"Vorname": "First name", "Nachname": "Last name", "Nr": "No", "Mail": "Email", "DOB": "Birthday"}


HARD = [
    (("Mail Stop", ["12", "13", "14"]), "Email"),
    (("Email", ["Main St 1", "Main St 2", "Main St 3"]), "Email"),
    (("Last Contacted", DATES), "Last name"),
    (("Last Contacted", DATES), "Birthday"),
    (("Last name", DATES), "Last name"),
    (("Birthday", ["Monday", "Tuesday", "Friday"]), "Birthday"),
    (("First name", MAILS), "First name"),
    (("Password", NAMES), "First name"),
    (("Portal password hint", NAMES), "First name"),
]


@pytest.mark.parametrize(("column", "field"), HARD)
def test_hard_negatives(column: tuple[str, list[str]], field: str) -> None:
    assert field not in proposed(column).values()


def test_the_only_column_of_a_kind_goes_to_the_only_field_for_it() -> None:
    assert proposed(("Kontakt", MAILS)) == {"Kontakt": "Email"}
    assert proposed(("Privat", MAILS), ("Dienst", MAILS)) == {}


def test_passwords_go_to_passwords_and_the_way_to_keep_them_is_told() -> None:
    shown = looked_at(("Kennwort", ["x1", "x2", "x3"]))
    (line,) = propose_mapping(shown.details, TARGETS, {}, StoredEvidence(), key_field=1)
    assert line.field == 6
    assert "Leave it out to keep the passwords that people have." in line.evidence


def test_stored_values_say_more_than_names() -> None:
    stored = StoredEvidence(
        known={0: 0.97},
        equal={
            (1, 3): Equal(48, 50, 40),
            (2, 2): Equal(50, 50, 45),
            (1, 2): Equal(0, 50, 45),
            (2, 3): Equal(0, 50, 40),
        },
    )
    columns = (("Ref", ["1", "2", "3"]), ("First name", ["Lee", "Roe", "Poe"]), ("Last name", NAMES))
    assert proposed(*columns, stored=stored) == {"Ref": "No", "First name": "Last name", "Last name": "First name"}


def test_few_values_are_equal_by_chance() -> None:
    targets = [Target(1, "No", Kind.TEXT), Target(2, "Newsletter", Kind.TEXT), Target(3, "Active", Kind.TEXT)]
    stored = StoredEvidence(
        equal={(0, 2): Equal(47, 50, 2), (0, 3): Equal(50, 50, 2), (1, 2): Equal(50, 50, 2), (1, 3): Equal(47, 50, 2)}
    )
    columns = (("Newsletter", ["y", "n", "y"]), ("Active", ["y", "y", "n"]))
    assert proposed(*columns, targets=targets, stored=stored) == {"Newsletter": "Newsletter", "Active": "Active"}


def test_what_is_remembered_comes_first_and_this_managers_before_others() -> None:
    remembered = {
        "Zeichen": [Remembered(2, "HR", same_manager=True)],
        "Vorname": [Remembered(3, "Other", same_manager=False)],
    }
    assert proposed(("Zeichen", NAMES), ("Vorname", NAMES), remembered=remembered) == {
        "Zeichen": "First name",
        "Vorname": "Last name",
    }


NOTATIONS = [
    ("Phone", Kind.PHONE, ["030/1234567", "089/7654321"], "choose the region of telephone numbers"),
    ("Amount", Kind.NUMBER, ["1,50", "2,25"], "with a decimal comma"),
    ("Joined", Kind.DATE, ["01/02/2020", "03/04/2020"], "as %d/%m/%Y or %m/%d/%Y"),
]


@pytest.mark.parametrize(("name", "kind", "values", "words"), NOTATIONS)
def test_what_the_options_have_to_say_is_told(name: str, kind: Kind, values: list[str], words: str) -> None:
    shown = looked_at((name, values))
    (line,) = propose_mapping(shown.details, [Target(1, name, kind)], {}, StoredEvidence(), key_field=None)
    assert any(words in told for told in line.evidence)


def test_each_field_once() -> None:
    found = proposed(("Email", MAILS), ("E-mail", MAILS), ("Mail", MAILS))
    assert list(found.values()) == ["Email"]


def unique_id(
    shown: FilePreview, *, key: Target | None = None, has_contacts: bool = False, stored: StoredEvidence | None = None
) -> tuple[str | None, int | None] | None:
    evidence = stored or StoredEvidence()
    lines = propose_mapping(shown.details, TARGETS, {}, evidence, key_field=key.number if key else None)
    found = propose_unique_id(shown.details, lines, evidence, key_field=key, has_contacts=has_contacts)
    if found is None:
        return None
    assert found.evidence
    return (None if found.column is None else shown.columns[found.column], found.field)


def test_the_unique_id_is_what_differs_in_every_row() -> None:
    names = ("Vorname", NAMES)
    assert unique_id(looked_at(names, ("Nr", ["1", "2", "3"]), ("Mail", MAILS))) == ("Nr", 1)
    assert unique_id(looked_at(names, ("Nr", ["1", "2", "2"]), ("Mail", MAILS))) == ("Mail", 4)
    assert unique_id(looked_at(names, ("Nr", ["1", "", "3"]), ("Mail", MAILS))) == ("Mail", 4)
    assert unique_id(looked_at(names, ("Personalnummer", ["1", "2", "3"]))) == ("Personalnummer", 1)
    assert unique_id(looked_at(names, ("Geburtsdatum", DATES))) is None
    assert unique_id(looked_at(names, ("Password", ["x", "y", "z"]))) is None


def test_while_there_are_contacts_their_key_stays() -> None:
    shown = looked_at(("Ref", ["1", "2", "3"]), ("Mail", MAILS))
    stored = StoredEvidence(known={0: 1.0})
    assert unique_id(shown, key=TARGETS[0], has_contacts=True, stored=stored) == ("Ref", 1)
    assert unique_id(shown, key=TARGETS[1], has_contacts=True) == (None, 2)


KINDS = [
    ("Mail", MAILS, Kind.EMAIL),
    ("Nr", ["1", "2", "3"], Kind.TEXT),
    ("DOB", DATES, Kind.DATE),
    ("Joined", ["01/02/2020", "03/04/2020", "05/06/2020"], Kind.TEXT),
    ("PIN", ["1", "2", "3"], Kind.PASSWORD),
    ("Phone", ["+49 30 123456", "+49 30 654321", "+1 212 555 1234"], Kind.PHONE),
]


@pytest.mark.parametrize(("name", "values", "kind"), KINDS)
def test_a_new_fields_kind(name: str, values: list[str], kind: Kind) -> None:
    column: ColumnDetails = looked_at((name, values)).details[0]
    assert suggested_kind(column) is kind
