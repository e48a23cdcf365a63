"""The import's form: from what stands in it to the API's document, and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from services.web.forms.credentials import SECRETS
from services.web.forms.import_document import ImportView, RemoteView
from services.web.forms.import_input import OptionsInput
from services.web.forms.mail_rules_form import addresses_typed, compacted, mail_rules_document, mail_rules_values
from services.web.forms.schedule_form import schedule_document, schedule_values
from services.web.forms.web_headers import typed_headers
from shared.rules.trimming import is_blank, trim

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
FORGET: Final = "forget_"
"""Before a secret's name: the switch that removes the one that is saved."""
SWITCHES = ("has_header", "delete_missing", "update_existing", "every_time", "trim")

_SPARE_LINES = 3
_PLAIN_OPTIONS = ("encoding", "phone_region", "decimal_separator", "date_format", "comment")
_CHOICES: Final = {"refused_values": "reject", "missing_columns": "fail"}
_LIMITS = ("max_row_errors", "max_row_error_percent", "expected_columns")
_LIMITED = ("deletes", "updates", "adds")
_BOUNDS = ("count", "percent")
_DEFAULTS: Final = {"quote": '"', "skip_lines": "0", "decimal_separator": ".", "date_format": "%Y-%m-%d"}
READ_BY: Final = ("delimiter", "quote", "has_header", "skip_lines", "encoding", "comment")
"""The options that say how a file is read, which a preview detects where nobody chose them."""


class Line(NamedTuple):
    """A line of the mapping: a column, or a constant in its place; the field; what becomes of the letters."""

    column: str = ""
    field: str = ""
    case: str = ""
    constant: str = ""


@dataclass
class ImportForm:
    """What stands in the form: texts by input name, and the lines of the mapping; never a secret."""

    values: dict[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def shown_lines(self, at_least: int = 0) -> list[Line]:
        """Return the lines to show: those filled, and some to fill."""
        spare = max(_SPARE_LINES, at_least - len(self.lines))
        return [*self.lines, *[Line()] * spare]


def empty_form() -> ImportForm:
    """Return the form for a new import."""
    values = {"source": "remote", "protocol": "sftp", "delimiter": "comma"} | schedule_values(None)
    values |= _DEFAULTS | _CHOICES
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
    lines = [Line(line.column or "", line.field, line.case or "", line.constant or "") for line in view.mapping]
    return ImportForm(values, lines)


def form_sent(text: Callable[[str], str], every: Callable[[str], Sequence[str]], names: Sequence[str]) -> ImportForm:
    """Return the form as it was sent, without secrets and without lines that were left empty."""
    sent = zip_longest(every("column"), every("field"), every("case"), every("constant"), fillvalue="")
    lines = [line for line in map(Line._make, sent) if line.field or not is_blank(line.column) or line.constant]
    return ImportForm(compacted({name: text(name) for name in names if name not in SECRETS}), lines)


def document_of(form: ImportForm, secrets: Mapping[str, str], manager_id: str) -> dict[str, Any]:
    """Return the API's document; of the secrets only those that were typed in, or are to be removed."""
    values = form.values
    options: dict[str, Any] = {name: values.get(name) == "on" for name in SWITCHES}
    for name in _PLAIN_OPTIONS:
        options[name] = trim(values.get(name, "")) or None
    for name, default in _DEFAULTS.items():
        options[name] = trim(values.get(name, "")) or default
    for name, default in _CHOICES.items():
        options[name] = values.get(name) or default
    for name in _LIMITS:
        options[name] = trim(values.get(name, "")) or None
    options["limits"] = {
        changes: {bound: trim(values.get(f"limit_{changes}_{bound}", "")) or None for bound in _BOUNDS}
        for changes in _LIMITED
    }
    options["delimiter"] = DELIMITERS.get(values.get("delimiter", ""), values.get("other_delimiter", ""))
    options["error_emails"] = addresses_typed(values.get("error_emails", ""))
    options["mails"] = mail_rules_document(values)
    return {
        "name": values.get("name", ""),
        "manager_id": manager_id,
        "source": _source(values, secrets),
        "options": options,
        "mapping": [_line_document(line) for line in form.lines],
        "unique_id": {"field": values.get("key", ""), "generate": values.get("generate") == "on"},
        "schedule": schedule_document(values),
    }


def preview_document(form: ImportForm, secrets: Mapping[str, str], manager_id: str, chosen: str) -> dict[str, Any]:
    """Return the API's document of a preview; of what says how the file is read only what was `chosen` counts."""
    document = document_of(form, secrets, manager_id)
    wanted = set(chosen.split())
    options = {name: value for name, value in document["options"].items() if name not in READ_BY or name in wanted}
    if "date_format" not in wanted:
        options["date_format"] = None
    return {
        "source": document["source"],
        "options": options,
        "manager_id": manager_id,
        "mapping": document["mapping"],
        "time_zone": form.values.get("time_zone") or "UTC",
    }


def _line_document(line: Line) -> dict[str, Any]:
    """Return a line of the API's mapping; a constant counts where there is no column."""
    document: dict[str, Any] = {"column": line.column, "field": line.field, "case": line.case or None}
    if line.constant:
        document |= {"constant": line.constant, "column": None if is_blank(line.column) else line.column}
    return document


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
    source |= {name: None for name in SECRETS if values.get(f"{FORGET}{name}") == "on"}
    source |= {name: secret for name, secret in secrets.items() if secret and name != "headers"}
    return source | ({"headers": typed_headers(secrets["headers"])} if secrets.get("headers") else {})


def _option_values(options: OptionsInput) -> dict[str, str]:
    values = {name: "on" if getattr(options, name) else "" for name in SWITCHES}
    values |= {name: getattr(options, name) or "" for name in _PLAIN_OPTIONS}
    values |= {name: str(getattr(options, name)) for name in (*_DEFAULTS, *_CHOICES)}
    limits = {name: getattr(options, name) for name in _LIMITS}
    values |= {name: _number(limit) for name, limit in limits.items()}
    for changes in _LIMITED:
        limit = getattr(options.limits, changes).model_dump()
        values |= {f"limit_{changes}_{bound}": _number(limit[bound]) for bound in _BOUNDS}
    known = next((name for name, sign in DELIMITERS.items() if sign == options.delimiter), None)
    values |= {"delimiter": known or "other", "other_delimiter": "" if known else options.delimiter}
    return values | {"error_emails": ", ".join(options.error_emails)} | mail_rules_values(options.mails)


def _number(value: float | None) -> str:
    return "" if value is None else str(int(value) if value == int(value) else value)
