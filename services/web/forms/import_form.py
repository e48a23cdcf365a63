"""The import's form: from what stands in it to the API's document, and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.web.forms.credentials import SECRETS
from services.web.forms.import_document import ImportView, RemoteView
from services.web.forms.import_input import MappingInput, OptionsInput
from services.web.forms.schedule_form import schedule_document, schedule_values
from services.web.forms.web_headers import typed_headers
from shared.rules.trimming import is_blank, trim

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
SWITCHES = ("has_header", "delete_missing", "update_existing", "every_time", "trim")

_SPARE_LINES = 3
_PLAIN_OPTIONS = ("encoding", "phone_region", "decimal_separator", "date_format")


@dataclass
class ImportForm:
    """What stands in the form: texts by input name, and the lines of the mapping; never a secret."""

    values: dict[str, str] = field(default_factory=dict)
    lines: list[tuple[str, str]] = field(default_factory=list)

    def shown_lines(self, at_least: int = 0) -> list[tuple[str, str]]:
        """Return the lines to show: those filled, and some to fill."""
        spare = max(_SPARE_LINES, at_least - len(self.lines))
        return [*self.lines, *[("", "")] * spare]


def empty_form() -> ImportForm:
    """Return the form for a new import."""
    values = {"source": "remote", "protocol": "sftp", "delimiter": "comma"} | schedule_values(None)
    values |= {"decimal_separator": ".", "date_format": "%Y-%m-%d"}
    return ImportForm(values | {"has_header": "on", "update_existing": "on", "trim": "on"})


def form_of(view: ImportView) -> ImportForm:
    """Return the form of a saved import, without its secrets."""
    values = {"name": view.name, "source": view.source.kind, "protocol": "sftp"}
    if isinstance(view.source, RemoteView):
        protocol, _, link = view.source.url.partition("://")
        values |= {"protocol": protocol, "link": link, "login": view.source.login or ""}
        values |= {"host_key": view.source.host_key or "", "ca_certificate": view.source.ca_certificate or ""}
    else:
        values |= {"upload_id": str(view.source.upload_id), "upload_name": view.source.name}
    values |= _option_values(view.options)
    values |= {"key": view.unique_id.field, "generate": "on" if view.unique_id.generate else ""}
    values |= schedule_values(view.schedule)
    return ImportForm(values, [(line.column, line.field) for line in view.mapping if line.column is not None])


def form_sent(text: Callable[[str], str], every: Callable[[str], Sequence[str]], names: Sequence[str]) -> ImportForm:
    """Return the form as it was sent, without secrets and without lines that were left empty."""
    lines = [
        (column, chosen)
        for column, chosen in zip(every("column"), every("field"), strict=False)
        if not (is_blank(column) and not chosen)
    ]
    return ImportForm({name: text(name) for name in names if name not in SECRETS}, lines)


def document_of(form: ImportForm, secrets: Mapping[str, str], manager_id: str) -> dict[str, Any]:
    """Return the API's document; of the secrets only those that were typed in."""
    values = form.values
    options: dict[str, Any] = {name: values.get(name) == "on" for name in SWITCHES}
    for name in _PLAIN_OPTIONS:
        options[name] = trim(values.get(name, "")) or None
    options["decimal_separator"] = options["decimal_separator"] or "."
    options["date_format"] = options["date_format"] or "%Y-%m-%d"
    options["delimiter"] = DELIMITERS.get(values.get("delimiter", ""), values.get("other_delimiter", ""))
    options["error_emails"] = values.get("error_emails", "").replace(",", " ").replace(";", " ").split()
    return {
        "name": values.get("name", ""),
        "manager_id": manager_id,
        "source": _source(values, secrets),
        "options": options,
        "mapping": [{"column": column, "field": chosen} for column, chosen in form.lines],
        "unique_id": {"field": values.get("key", ""), "generate": values.get("generate") == "on"},
        "schedule": schedule_document(values),
    }


def keep_line_details(lines: list[dict[str, Any]], saved: Sequence[MappingInput]) -> list[dict[str, Any]]:
    """Return the form's lines with what the form does not show of the saved ones: their case, and constants."""
    cases = {(line.column, line.field): line.case for line in saved}
    filled = {line["field"] for line in lines}
    kept = [line.model_dump() for line in saved if line.column is None and line.field not in filled]
    return [line | {"case": cases.get((line["column"], line["field"]))} for line in lines] + kept


def _source(values: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, Any]:
    if values.get("source") == "upload":
        return {"kind": "upload", "upload_id": values.get("upload_id", "")}
    link = trim(values.get("link", ""))
    source: dict[str, Any] = {
        "kind": "remote",
        "url": link if "://" in link else f"{values.get('protocol', '')}://{link}",
        "login": trim(values.get("login", "")) or None,
        "host_key": trim(values.get("host_key", "")) or None,
        "ca_certificate": trim(values.get("ca_certificate", "")) or None,
    }
    source |= {name: secret for name, secret in secrets.items() if secret and name != "headers"}
    return source | ({"headers": typed_headers(secrets["headers"])} if secrets.get("headers") else {})


def _option_values(options: OptionsInput) -> dict[str, str]:
    values = {name: "on" if getattr(options, name) else "" for name in SWITCHES}
    values |= {name: getattr(options, name) or "" for name in _PLAIN_OPTIONS}
    known = next((name for name, sign in DELIMITERS.items() if sign == options.delimiter), None)
    values |= {"delimiter": known or "other", "other_delimiter": "" if known else options.delimiter}
    return values | {"error_emails": ", ".join(options.error_emails)}
