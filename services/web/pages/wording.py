"""What roles and recorded changes are called on the pages."""

from shared.rules.roles import Role

ROLE_WORDS = {
    Role.VIEWER: "sees everything, changes nothing",
    Role.EDITOR: "also sets up managers, contacts, imports and schedules, and runs them",
    Role.APPROVER: "also approves and undoes imports",
    Role.ADMIN: "also looks after accounts and sees all changes",
}

AUDIT_WORDS = {
    "manager.created": "Made",
    "manager.changed": "Changed",
    "manager.deleted": "Deleted",
    "field.added": "Field added",
    "import.created": "Set up",
    "import.changed": "Changed",
    "import.deleted": "Deleted",
    "schedule.changed": "Schedule changed",
    "schedule.paused": "Schedule paused",
    "schedule.resumed": "Schedule resumed",
    "run.approved": "Approved",
    "run.undone": "Undone",
    "run.cancelled": "Cancelled",
    "run.file_taken": "File downloaded",
    "applies.paused": "All applies paused",
    "applies.resumed": "All applies resumed",
    "mail.tested": "Test mail sent",
    "dead_letter.replayed": "Record handled again",
    "webhook.created": "Webhook made",
    "webhook.changed": "Webhook changed",
    "webhook.deleted": "Webhook deleted",
    "webhook.secret_replaced": "Webhook's secret replaced",
    "webhook.replayed": "Webhook told again",
    "account.added": "Added",
    "account.deactivated": "Deactivated",
    "account.activated": "Activated",
    "role.changed": "Role changed",
    "password.changed": "Password changed",
    "password.reset": "Password reset",
    "token.made": "API token made",
    "token.revoked": "API token revoked",
}
"""By the codes of the audit log."""

_OWN_NAMES = ("fields", "mapping")


def changed_part(path: str) -> str:
    """Return what the audit log calls a part of a set-up in words; what people named keeps its name."""
    root, *rest = path.split(".")
    if root in _OWN_NAMES:
        return ": ".join([root, *rest])
    return ": ".join(each.replace("_", " ") for each in [root, *rest])
