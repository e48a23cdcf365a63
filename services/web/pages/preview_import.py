"""The preview on the set-up page: how the file would be read, its first rows, and a mapping to fill in."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from services.web.dependencies.page_route import page_router
from services.web.dependencies.resources import Open
from services.web.dependencies.set_up_form import read_set_up
from services.web.dependencies.show_preview import PreviewView, show_preview
from services.web.dependencies.visitor import Visitor
from services.web.forms.import_form import DELIMITERS
from services.web.forms.input_errors import InvalidInputError
from services.web.forms.invalid import input_errors
from services.web.forms.preview_input import PreviewInput
from services.web.pages.render import page
from services.web.security.access import needs
from shared.errors import TransientError, UserError
from shared.rules.kinds import Kind
from shared.rules.roles import Role

router = page_router()

_ROWS = 12
_SAMPLES = 3
_DELIMITER_NAMES = {sign: name for name, sign in DELIMITERS.items()}


@router.post("/imports/preview")
@needs(Role.EDITOR)
async def show_file(
    request: Request,
    resources: Open,
    visitor: Visitor,
    manager: Annotated[UUID, Query()],
    edited: Annotated[UUID | None, Query(alias="import")] = None,
) -> Response:
    """Show the beginning of the file that the form names, as a part of the page; a chosen file is taken up first."""
    sent = await read_set_up(request, resources, visitor)
    errors: list[str] = []
    shown: PreviewView | None = None
    wanted: PreviewInput | None = None
    try:
        wanted = PreviewInput.model_validate(sent.preview_document(str(manager)) | {"import_id": edited})
        shown = await show_preview(resources, visitor.account_id, wanted)
    except InvalidInputError as error:
        errors = [each.message for each in error.errors]
    except ValidationError as error:
        errors = [each.message for each in input_errors(error).errors]
    except (UserError, TransientError) as error:
        errors = [error.message]
    return page(
        request,
        "preview.html",
        visitor,
        shown=shown,
        rows=_ROWS,
        kinds=list(Kind),
        manager_id=manager,
        errors=errors,
        upload=sent.upload,
        chosen=bool(sent.chosen),
        found=_found(shown, wanted.options.encoding) if shown and wanted else None,
    )


def _settings(shown: PreviewView, chosen_encoding: str | None) -> dict[str, Any]:
    """Return what the form's inputs are to hold for the file to be read as it is shown."""
    detected = shown.detected
    known = _DELIMITER_NAMES.get(detected.delimiter)
    notation = shown.proposed_notation
    return {
        "delimiter": known or "other",
        "other_delimiter": "" if known else detected.delimiter,
        "quote": detected.quote,
        "has_header": detected.has_header,
        "skip_lines": str(detected.skip_lines),
        "expected_columns": "" if detected.has_header else str(len(shown.columns)),
        "encoding": chosen_encoding or "",  # a run finds the rest by itself; a guess is for a person to confirm
        **({"date_format": notation.date_format} if notation.date_format else {}),
        **({"decimal_separator": notation.decimal_separator} if notation.decimal_separator else {}),
    }


def _found(shown: PreviewView, chosen_encoding: str | None) -> dict[str, Any]:
    """Return what the page's scripts fill in, and list beside the fields."""
    return {
        "settings": _settings(shown, chosen_encoding),
        "mapping": _mapping(shown),
        "columns": [
            {
                "name": column.name,
                "samples": column.samples[:_SAMPLES],
                "filled": int(column.filled * 100),
                "kind": column.suggested_kind,
                "hidden": column.is_password,
            }
            for column in shown.column_details
        ],
    }


def _mapping(shown: PreviewView) -> dict[str, Any]:
    """Return the lines and the key that the form is to hold."""
    unique_id = shown.proposed_unique_id
    return {
        "lines": [
            {"column": line.column, "field": line.field, "why": " ".join(line.evidence), "sure": line.score}
            for line in shown.proposed_mapping
        ],
        "key": unique_id.field if unique_id and unique_id.column is not None else None,
        "key_column": unique_id.column if unique_id else None,
        "key_why": " ".join(unique_id.evidence) if unique_id else "",
    }
