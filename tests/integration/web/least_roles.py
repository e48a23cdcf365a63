"""Who may call which route: the least role that each takes, as docs/accounts.md promises it.

It is written down here, and not asked of the routes, so that a route that lets in the wrong people is caught.
"""

from typing import Final

from shared.rules.roles import Role

ANYBODY: Final = "anybody"

_TABLE: Final = """
anybody  GET    /login
anybody  POST   /login
viewer   POST   /logout

viewer   GET    /

viewer   GET    /account
viewer   GET    /account/password
viewer   POST   /account/password
viewer   POST   /account/tokens
viewer   POST   /account/tokens/{token_id}/revoke
admin    GET    /accounts
admin    POST   /accounts
admin    GET    /accounts/{account_id}
admin    POST   /accounts/{account_id}/activate
admin    POST   /accounts/{account_id}/deactivate
admin    POST   /accounts/{account_id}/reset-password
admin    POST   /accounts/{account_id}/role
admin    POST   /accounts/{account_id}/tokens/{token_id}/revoke
admin    GET    /audit

editor   POST   /managers
viewer   GET    /managers/{manager_id}
viewer   GET    /managers/{manager_id}/contact-history
viewer   GET    /managers/{manager_id}/contacts.csv
editor   GET    /managers/{manager_id}/contacts/delete
editor   POST   /managers/{manager_id}/contacts/delete
editor   GET    /managers/{manager_id}/contacts/edit
editor   POST   /managers/{manager_id}/contacts/edit
editor   GET    /managers/{manager_id}/contacts/new
editor   POST   /managers/{manager_id}/contacts/new
editor   POST   /managers/{manager_id}/fields
viewer   GET    /managers/{manager_id}/imports
editor   POST   /managers/{manager_id}/searchable-fields

editor   GET    /imports/drafts/{draft_id}
editor   POST   /imports/drafts/{draft_id}/discard
editor   POST   /imports/dry-run
editor   GET    /imports/dry-runs/{run_id}
editor   POST   /imports/fields
editor   GET    /imports/new
editor   POST   /imports/new
editor   POST   /imports/preview
viewer   POST   /imports/schedule-preview
editor   POST   /imports/steps
editor   POST   /imports/test-connection
editor   GET    /imports/{import_id}/delete
editor   POST   /imports/{import_id}/delete
editor   GET    /imports/{import_id}/edit
editor   POST   /imports/{import_id}/edit
editor   POST   /imports/{import_id}/pause
editor   POST   /imports/{import_id}/resume
editor   POST   /imports/{import_id}/run
viewer   GET    /imports/{import_id}/runs

viewer   GET    /runs/{run_id}
approver POST   /runs/{run_id}/approve
editor   POST   /runs/{run_id}/cancel
viewer   GET    /runs/{run_id}/events
editor   GET    /runs/{run_id}/file.csv
viewer   GET    /runs/{run_id}/rejected.csv
approver POST   /runs/{run_id}/undo

viewer   GET    /events
viewer   GET    /events/asyncapi.json

viewer   GET    /operations
admin    GET    /operations/dead-letters
admin    POST   /operations/dead-letters/replay
admin    POST   /operations/pause
admin    POST   /operations/resume
admin    POST   /operations/test-mail

admin    GET    /webhooks
admin    POST   /webhooks
admin    GET    /webhooks/{webhook_id}
admin    POST   /webhooks/{webhook_id}/delete
admin    POST   /webhooks/{webhook_id}/deliveries/{delivery_id}/replay
admin    POST   /webhooks/{webhook_id}/edit
admin    POST   /webhooks/{webhook_id}/replay
admin    POST   /webhooks/{webhook_id}/secret
admin    POST   /webhooks/{webhook_id}/state
admin    POST   /webhooks/{webhook_id}/test

admin    GET    /api/v1/audit

viewer   GET    /api/v1/managers
editor   POST   /api/v1/managers
editor   DELETE /api/v1/managers/{manager_id}
viewer   GET    /api/v1/managers/{manager_id}
editor   PATCH  /api/v1/managers/{manager_id}
viewer   GET    /api/v1/managers/{manager_id}/contacts
viewer   GET    /api/v1/managers/{manager_id}/contacts.csv
editor   DELETE /api/v1/managers/{manager_id}/contacts/{unique_id:path}
viewer   GET    /api/v1/managers/{manager_id}/contacts/{unique_id:path}
editor   PUT    /api/v1/managers/{manager_id}/contacts/{unique_id:path}
viewer   GET    /api/v1/managers/{manager_id}/contacts/{unique_id:path}/history
editor   POST   /api/v1/managers/{manager_id}/fields
editor   PATCH  /api/v1/managers/{manager_id}/fields/{name:path}
viewer   POST   /api/v1/managers/{manager_id}/portal-sign-in
editor   POST   /api/v1/managers/{manager_id}/replay-changes

viewer   GET    /api/v1/imports
editor   POST   /api/v1/imports
editor   DELETE /api/v1/imports/{import_id}
viewer   GET    /api/v1/imports/{import_id}
editor   PATCH  /api/v1/imports/{import_id}
viewer   GET    /api/v1/imports/{import_id}/missed
editor   POST   /api/v1/imports/{import_id}/pause
editor   POST   /api/v1/imports/{import_id}/resume
viewer   GET    /api/v1/imports/{import_id}/runs
editor   POST   /api/v1/imports/{import_id}/runs
editor   POST   /api/v1/imports/{import_id}/test-connection

editor   POST   /api/v1/previews
viewer   POST   /api/v1/schedule-previews
editor   POST   /api/v1/test-connection
editor   POST   /api/v1/uploads

viewer   GET    /api/v1/runs/{run_id}
approver POST   /api/v1/runs/{run_id}/approve
editor   POST   /api/v1/runs/{run_id}/cancel
viewer   GET    /api/v1/runs/{run_id}/events
editor   GET    /api/v1/runs/{run_id}/file.csv
viewer   GET    /api/v1/runs/{run_id}/plan
viewer   GET    /api/v1/runs/{run_id}/problems
viewer   GET    /api/v1/runs/{run_id}/reasons
viewer   GET    /api/v1/runs/{run_id}/rejected.csv
approver POST   /api/v1/runs/{run_id}/undo

viewer   GET    /api/v1/operations
admin    DELETE /api/v1/operations/applies-pause
admin    PUT    /api/v1/operations/applies-pause

admin    GET    /api/v1/webhooks
admin    POST   /api/v1/webhooks
admin    DELETE /api/v1/webhooks/{webhook_id}
admin    GET    /api/v1/webhooks/{webhook_id}
admin    PATCH  /api/v1/webhooks/{webhook_id}
admin    GET    /api/v1/webhooks/{webhook_id}/deliveries
admin    POST   /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay
admin    POST   /api/v1/webhooks/{webhook_id}/replay
admin    POST   /api/v1/webhooks/{webhook_id}/secret
admin    POST   /api/v1/webhooks/{webhook_id}/test
"""


def least_roles() -> dict[tuple[str, str], Role | None]:
    """Return the least role for each method and path; None where nobody has to sign in."""
    rows = [line.split() for line in _TABLE.splitlines() if line]
    table = {(method, path): None if role == ANYBODY else Role(role) for role, method, path in rows}
    assert len(table) == len(rows), "a route stands in the table twice"
    return table
