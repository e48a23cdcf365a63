"""What people and programs may do: four roles, each of which includes the one before."""

from enum import StrEnum


class Role(StrEnum):
    """A role; the order is that of what they include."""

    VIEWER = "viewer"
    """Sees everything, changes nothing."""
    EDITOR = "editor"
    """Sets up managers, fields, contacts, imports and schedules; starts and stops runs."""
    APPROVER = "approver"
    """Decides about plans: approves refused runs and dry runs, takes applied runs back."""
    ADMIN = "admin"
    """Looks after accounts, everybody's tokens, and the audit log."""

    def includes(self, other: "Role") -> bool:
        """Tell whether this role may do all that the other one may."""
        return _RANK[self] >= _RANK[other]

    def up_to_this(self) -> list["Role"]:
        """Return the roles that this one includes, from the least."""
        return [role for role in Role if self.includes(role)]


_RANK = {role: rank for rank, role in enumerate(Role)}


def lesser(one: Role, other: Role) -> Role:
    """Return the role that both include."""
    return one if other.includes(one) else other
