"""The plan of any run: of a file, of an approval, or of an undo."""

import random

from services.syncer.adapters.applying import LockedManager
from services.syncer.adapters.approving import plan_approval
from services.syncer.adapters.kept_hashes import set_hashes_aside, take_up_hashes
from services.syncer.adapters.plan_store import Plan
from services.syncer.adapters.planning import compute_plan
from services.syncer.adapters.undoing import plan_undo
from shared.postgres.database import Connection
from shared.sealing import Sealer
from shared.store.runs import OpenRun


async def make_plan(
    connection: Connection, run: OpenRun, manager: LockedManager, *, sealer: Sealer, source: random.Random
) -> Plan:
    """Store the plan of a run, in place of one that it had; passwords that were hashed for that one stay so.

    In the caller's transaction, which holds the manager's row lock. Errors are those of what is planned.
    """

    async def plan() -> Plan:
        if run.undoes is not None:
            return await plan_undo(connection, run, manager)
        if run.approves is not None:
            return await plan_approval(connection, run, manager, run.approves)
        return await compute_plan(connection, run, manager, sealer=sealer, source=source)

    if not run.setup.has_passwords():
        return await plan()
    await set_hashes_aside(connection, run.id)
    made = await plan()
    await take_up_hashes(connection, run.id)
    return made
