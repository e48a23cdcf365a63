"""The contact manager of the reference model: what is set up, and what people do by hand."""

from tests.model.parts import Contact, Setup


class Manager:
    """Fields (kinds by name), contacts, imports, and the files of their sources. Answers are codes, None: accepted."""

    def __init__(self, kinds: dict[str, str]) -> None:
        self.kinds = kinds
        self.key: str | None = None
        self.contacts: dict[str, Contact] = {}
        self.imports: dict[str, Setup] = {}
        self.files: dict[str, bytes | None] = {}

    def save_import(self, label: str, setup: Setup) -> str | None:
        if self.key_differs(setup.key):
            return "key_field_differs"
        self.imports[label] = setup
        self.key = setup.key
        return None

    def key_differs(self, key: str) -> bool:
        return bool(self.contacts) and key != self.key

    def put_contact(self, unique_id: str, fields: dict[str, str]) -> None:
        """Write a contact by hand: a field that is not named is emptied, a password that is not named is kept."""
        self.key = self.key or "No"
        old = self.contacts[unique_id].fields if unique_id in self.contacts else {}
        kept = {name: value for name, value in old.items() if self.kinds[name] == "password"}
        if unique_id not in self.contacts or filled(kept | fields) != old:
            self.contacts[unique_id] = Contact(filled(kept | fields), None)

    def delete_contact(self, unique_id: str) -> str | None:
        return None if self.contacts.pop(unique_id, None) else "contact_not_found"


def filled(fields: dict[str, str]) -> dict[str, str]:
    """Return the fields that have a value: absent and empty are the same."""
    return {name: value for name, value in fields.items() if value}
