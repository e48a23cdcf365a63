"""Names of columns and fields: what means the same, and what only looks like it."""

import pytest

from services.web.proposals.mapping import LEAST
from services.web.proposals.names import likeness

ALIKE = [
    ("E-mail", "Email"),
    ("e_mail_address", "Email"),
    ("EmailAddress", "E-Mail"),
    ("Vorname", "First name"),
    ("Nachname", "Surname"),
    ("PRÉNOM", "Given Name"),
    ("Mobiltelefon", "Cell phone"),
    ("Geburtsdatum", "Date of birth"),
    ("PLZ", "Zip"),
    ("Strasse", "Street"),
    ("Straße", "Street"),
    ("Personal-Nr.", "Employee no"),
    ("employeeId", "Staff number"),
    ("Mitgliedsnummer", "Member ID"),
    ("фамилия", "Last name"),
    ("氏名", "Full name"),
    ("Emial Adress", "E-mail"),
    ("Kennwort", "Portal password"),
    ("Name, first", "First name"),
    ("ID", "Employee no"),
]
NOT_ALIKE = [
    ("Mail Stop", "Email"),
    ("Last Contacted", "Last name"),
    ("First Contacted", "First name"),
    ("Phone type", "Phone"),
    ("Email opt-out", "Email"),
    ("Emergency contact name", "Last name"),
    ("First name", "Last name"),
    ("Company name", "Last name"),
    ("Username", "Last name"),
    ("Phone", "Mobile"),
    ("Fax", "Phone"),
    ("Employee no", "Member no"),
    ("Customer number", "Phone number"),
    ("House number", "Phone number"),
    ("State", "Status"),
    ("Country", "County"),
    ("Birth place", "Birth date"),
    ("Start date", "Date of birth"),
    ("Password changed on", "Phone"),
]


@pytest.mark.parametrize(("column", "field"), ALIKE)
def test_alike(column: str, field: str) -> None:
    found = likeness(column, field)
    assert found.score >= LEAST
    assert found.reason


@pytest.mark.parametrize(("column", "field"), NOT_ALIKE)
def test_not_alike(column: str, field: str) -> None:
    assert likeness(column, field).score < LEAST
