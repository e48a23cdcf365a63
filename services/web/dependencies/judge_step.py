"""What is wrong with one step of a set-up, while the later ones are still to come."""

from collections import defaultdict
from typing import Any, Final, Literal

from pydantic import ValidationError

from services.web.forms.credentials import Credentials
from services.web.forms.edit_import import kept_credentials
from services.web.forms.import_checks import ImportDesk, draft_import
from services.web.forms.import_input import ImportInput, RemoteInput
from services.web.forms.input_errors import InvalidInputError
from services.web.forms.invalid import input_errors
from shared.errors import UserError
from shared.store.imports import SavedImport

Step = Literal["source", "options", "mapping", "run"]

_PARTS: Final[dict[Step, tuple[str, ...]]] = {
    "source": ("name", "source"),
    "options": ("options",),
    "mapping": ("mapping", "unique_id"),
    "run": ("schedule",),
}
# What stands for the steps to come has the right shape, so that it hides nothing of what is asked about.
_STILL_EMPTY: Final[dict[str, Any]] = {
    "options": {},
    "mapping": [{"column": "1", "field": "-"}],
    "unique_id": {"field": "-"},
    "schedule": None,
}


async def step_errors(
    desk: ImportDesk,
    document: dict[str, Any],
    step: Step,
    *,
    edited: SavedImport | None,
    secrets_of: SavedImport | None,
) -> dict[str, list[str]]:
    """Return the messages by the paths of the inputs of this step.

    `secrets_of` is the import whose saved secrets count where none were entered, as long as the server is the same.
    """
    steps = [*_PARTS]
    known = {name for each in steps[: steps.index(step) + 1] for name in _PARTS[each]}
    whole = document | {name: value for name, value in _STILL_EMPTY.items() if name not in known}
    found = await _errors(desk, whole, edited, secrets_of)
    if found and all(error.field == "name" for error in found):
        # The rest of the step is told at once.
        found += await _errors(desk, whole | {"name": "-"}, edited, secrets_of)
    messages: defaultdict[str, list[str]] = defaultdict(list)
    for error in found:
        if (error.field or "").partition(".")[0] in _PARTS[step]:
            messages[error.field or ""].append(error.message)
    return dict(messages)


async def _errors(
    desk: ImportDesk, document: dict[str, Any], edited: SavedImport | None, secrets_of: SavedImport | None
) -> list[UserError]:
    try:
        wanted = ImportInput.model_validate(document)
        kept = Credentials()
        if secrets_of is not None and isinstance(wanted.source, RemoteInput):
            kept = kept_credentials(secrets_of, wanted.source.url, desk.sealer)
        await draft_import(desk, wanted, kept=kept, saved=edited)
    except ValidationError as error:
        return input_errors(error).errors
    except InvalidInputError as error:
        return error.errors
    except UserError as error:
        return [error]
    return []
