"""Which change gave a contact each of the values that it holds."""

from collections.abc import Sequence

from shared.store.contact_history import ContactChange


def value_origins(changes: Sequence[ContactChange]) -> dict[str, ContactChange]:
    """Return the newest change of each field by its name; `changes` stand with the newest first.

    What came before the contact was last added has nothing to do with it.
    """
    origins: dict[str, ContactChange] = {}
    for change in changes:
        for field in change.fields:
            origins.setdefault(field.field, change)
        if change.change == "added":
            break
    return origins
