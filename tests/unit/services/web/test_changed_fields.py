"""What the audit log tells of a change of an import."""

from uuid import UUID

from services.web.forms.changed_fields import import_changes, secret_changes
from services.web.forms.credentials import Credentials
from services.web.forms.import_document import ImportView
from services.web.pages.wording import changed_part

ID = UUID(int=7)


def view(**given: object) -> ImportView:
    return ImportView.model_validate(
        {
            "id": ID,
            "name": "HR file",
            "manager_id": ID,
            "source": {
                "kind": "remote",
                "url": "sftp://files.example/x.csv",
                "login": "hr",
                "has_password": True,
                "has_private_key": False,
                "has_passphrase": False,
                "has_bearer_token": False,
                "header_names": [],
                "host_key": None,
                "ca_certificate": None,
            },
            "options": {"delete_missing": True},
            "mapping": [{"column": "No", "field": "Employee no"}, {"column": "E-mail", "field": "Email"}],
            "unique_id": {"field": "Employee no"},
            "schedule": None,
            "latest_run": None,
            "next_run_at": None,
            "schedule_sentence": None,
            "next_runs": [],
            "pause": None,
            "failures": 0,
        }
        | given
    )


def test_of_a_new_import_what_is_unusual_is_told() -> None:
    assert import_changes(None, view()) == {
        path: {"before": None, "after": value}
        for path, value in {
            "name": "HR file",
            "source.kind": "remote",
            "source.url": "sftp://files.example/x.csv",
            "source.login": "hr",
            "options.delete_missing": True,
            "mapping.Employee no.column": "No",
            "mapping.Email.column": "E-mail",
            "unique_id.field": "Employee no",
        }.items()
    }


def test_of_a_change_what_differs_is_told() -> None:
    lines = [{"column": "No", "field": "Employee no"}, {"constant": "x@corp.example", "field": "Email"}]
    after = view(mapping=lines, options={"error_emails": ["ops@corp.example"]}, failures=3)
    assert import_changes(view(), after) == {
        "options.delete_missing": {"before": True, "after": False},
        "options.error_emails": {"before": None, "after": ["ops@corp.example"]},
        "mapping.Email.column": {"before": "E-mail", "after": None},
        "mapping.Email.constant": {"before": None, "after": "x@corp.example"},
    }
    assert import_changes(view(), view()) == {}


def test_of_secrets_only_that_they_changed_is_told() -> None:
    before = Credentials(password="one", headers={"X": "1"})
    after = Credentials(password="two", headers={"X": "1"}, private_key="three")
    assert secret_changes(before, after) == {
        "source.password": {"changed": True},
        "source.private_key": {"changed": True},
    }


def test_parts_are_called_by_words() -> None:
    assert changed_part("options.delete_missing") == "options: delete missing"
    assert changed_part("mapping.given_name.column") == "mapping: given_name: column"
