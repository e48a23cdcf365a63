"""The rule that a manager keeps its key field while it has contacts."""

from shared.errors import UserError


def undo_has_other_key(wanted: str) -> UserError:
    """Return the error for the undo of a run whose contacts were told apart by another field than they are now."""
    return UserError(
        "key_field_differs",
        f'When this run was applied, the contacts were told apart by "{wanted}"; now it is another field, so what it '
        "changed can't be found any more. Nothing was changed.",
    )


def key_field_differs(wanted: str) -> UserError:
    """Return the error for an import that names another key field than the manager's contacts have."""
    return UserError(
        "key_field_differs",
        f'The contacts of this manager are told apart by another field than "{wanted}". Choose that field as the '
        "unique identifier, or delete all contacts first.",
        field="unique_id.field",
    )
