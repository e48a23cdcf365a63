"""What differs between two documents, for the audit log: each part by its path, before and after."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.web.forms.credentials import SECRETS, Credentials
from services.web.forms.import_document import ImportView
from services.web.forms.import_input import ImportInput, OptionsInput
from services.web.forms.input_part import READ_ONLY

Changes = dict[str, dict[str, Any]]

_SHOWN = set(ImportInput.model_fields) - {"manager_id"}


def import_changes(before: ImportView | None, after: ImportView) -> Changes:
    """Return what differs between two imports, without secrets; of a new one what is set, and not as it is usually."""
    if before is not None:
        return _differing(dict(_parts(_document(before))), dict(_parts(_document(after))))
    usual = dict(_parts({"options": OptionsInput().model_dump(mode="json"), "unique_id": {"generate": False}}))
    parts = {path: value for path, value in _parts(_document(after)) if usual.get(path) != value}
    return _differing({}, parts)


def secret_changes(before: Credentials, after: Credentials) -> Changes:
    """Return which secrets of a source differ, and nothing about them."""
    return {f"source.{name}": {"changed": True} for name in SECRETS if getattr(before, name) != getattr(after, name)}


def _document(view: ImportView) -> dict[str, Any]:
    document = view.model_dump(mode="json", include=_SHOWN)
    for name in (*SECRETS, *READ_ONLY):
        document["source"].pop(name, None)
    mails = document["options"].pop("mails", [])
    document["options"]["mails"] = {str(number): rule for number, rule in enumerate(mails, 1)}
    document["mapping"] = {
        line["field"]: {
            "column": line.get("column"),
            "constant": line.get("constant"),
            "case": line.get("case"),
        }
        for line in document["mapping"]
    }
    return document


def _parts(document: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value by its path; what is empty is left out, as if it were not there."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _parts(value, f"{path}{name}.")
        elif value not in (None, "", []):
            yield f"{path}{name}", value


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    return {
        path: {"before": before.get(path), "after": after.get(path)}
        for path in {**before, **after}
        if before.get(path) != after.get(path)
    }
