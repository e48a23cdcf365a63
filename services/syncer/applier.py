"""Takes complete runs through plan and apply, outside the poll: woken when staging completes or when asked to.

While work lasts or is waited for, the run beats in Postgres.
"""

import asyncio
import random
from uuid import UUID

import structlog

from services.syncer.adapters.applies_pause import AppliesPausedError, is_held, put_back, until_applies_go_on
from services.syncer.adapters.applying import LockedManager, apply_plan, lock_manager
from services.syncer.adapters.kept_hashes import all_hashed
from services.syncer.adapters.lease import lease
from services.syncer.adapters.making_plans import make_plan
from services.syncer.adapters.open_run_beats import beat_while_open
from services.syncer.adapters.password_hashing import hash_passwords
from services.syncer.adapters.plan_store import forget_plan, keep_plan, kept_plan
from services.syncer.adapters.settling_fingerprints import settle_fingerprints
from services.syncer.adapters.staged_set import complete_set, staged_rows
from services.syncer.domain.balance import Balance, require_balance
from services.syncer.ports import Passwords
from shared.clock import Clock
from shared.errors import ContactsSyncError, TransientError
from shared.kafka.delivery import DOWN
from shared.postgres.database import DATABASE_DOWN, Connection, Database
from shared.rules.key_field import key_field_differs, undo_has_other_key
from shared.sealing import Sealer
from shared.store.run_end import Outcome, close_run
from shared.store.runs import OpenRun, enter_step, give_up_attempt, read_open_run

_SERVICE = "syncer"
_RETRY_SECONDS = 1.0
_MOST_TRIES = 10
_MOST_PLANS = 2
"""Plans that contacts may outrun while passwords are hashed, before people are made to wait for one to be written."""
_log = structlog.get_logger("contacts_sync.syncer")


class Applier:
    """Plans and applies runs, several at once, each in a task of its own."""

    def __init__(self, database: Database, sealer: Sealer, clock: Clock, passwords: Passwords, *, at_once: int) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._passwords = passwords
        self._source = random.SystemRandom()
        self._places = asyncio.Semaphore(at_once)
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._beating: asyncio.Task[None] | None = None

    def begin(self, run_id: UUID, attempt: int) -> None:
        """Work on a run, unless this process already does; returns at once."""
        if run_id not in self._tasks:
            task = asyncio.create_task(self._run(run_id, attempt), name=f"apply {run_id}")
            self._tasks[run_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(run_id, None))
        if self._beating is None or self._beating.done():
            beating = beat_while_open(self._database.pool, self._tasks)
            self._beating = asyncio.create_task(beating, name="apply heartbeat")

    async def begin_unfinished(self) -> None:
        """Take up what a process that is gone may have left; what another one holds is left to it."""
        rows = await self._database.pool.fetch("SELECT id, attempt FROM runs WHERE status IN ('planning', 'applying')")
        for row in rows:
            self.begin(row["id"], row["attempt"])

    async def stop(self) -> None:
        """Abandon what is under way; its transactions roll back, and the run is asked for again."""
        tasks = [*self._tasks.values(), *([self._beating] if self._beating else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, run_id: UUID, attempt: int) -> None:
        tries = 0
        while True:
            try:
                await self._work_once_applies_go_on(run_id, attempt)
            except TransientError as error:
                if error.code == "staging_lost":
                    await give_up_attempt(self._database.pool, run_id, attempt)
                    return
                tries += 1
                if tries >= _MOST_TRIES:
                    await self._fail(run_id, attempt, error)
                    return
                _log.warning("apply will be tried again, planned anew", run_id=str(run_id), error=error.code)
                await forget_plan(self._database.pool, run_id)
            except (*DOWN, *DATABASE_DOWN) as error:
                _log.warning("apply waits for the database", run_id=str(run_id), error=type(error).__name__)
            except ContactsSyncError as error:
                await self._fail(run_id, attempt, error)
                return
            except Exception:  # noqa: BLE001 - the run must end with a reason, whatever went wrong
                _log.exception("apply failed unforeseen", run_id=str(run_id))
                message = "The plan could not be applied because of a fault in this system."
                await self._fail(run_id, attempt, ContactsSyncError("apply_failed", message))
                return
            else:
                return
            await asyncio.sleep(_RETRY_SECONDS)

    async def _work_once_applies_go_on(self, run_id: UUID, attempt: int) -> None:
        """Work on a run; while all applies are paused it waits, planned, and takes up no place."""
        while True:
            try:
                async with self._places, self._database.pool.acquire() as connection:
                    return await self._work(connection, run_id, attempt)
            except AppliesPausedError:
                await put_back(self._database.pool, run_id, attempt)
                await until_applies_go_on(self._database.pool, run_id)

    async def _work(self, connection: Connection, run_id: UUID, attempt: int) -> None:
        async with lease(connection, run_id) as held:
            if not held:
                return
            await self._settle(connection, run_id, attempt)
            plans = 0
            while await self._plan(connection, run_id, attempt):
                await hash_passwords(connection, self._sealer, run_id, self._passwords)
                if await self._apply(connection, run_id, attempt):
                    return
                plans += 1
                if plans >= _MOST_PLANS and await self._plan_and_apply(connection, run_id, attempt):
                    return

    async def _settle(self, connection: Connection, run_id: UUID, attempt: int) -> None:
        """Before its plan is made, see which of a file's passwords are as they were though the key is another."""
        run = await read_open_run(connection, run_id, attempt)
        if run is None or run.approves is not None or run.undoes is not None or run.status != "planning":
            return
        if run.setup.has_passwords():
            async with connection.transaction():
                staged = await complete_set(connection, run)
                await settle_fingerprints(connection, self._database.pool, run, staged, self._sealer, self._passwords)

    async def _plan(self, connection: Connection, run_id: UUID, attempt: int) -> bool:
        """Store a plan that fits the contacts as they are, where there is none yet; true when it is to be applied.

        AppliesPausedError where it has to wait, planned.
        """
        async with connection.transaction():
            locked = await _locked(connection, run_id, attempt)
            if locked is None:
                return False
            run, manager = locked
            is_planned = run.plan_change_number == manager.change_number
            if not is_planned and not await self._make_plan(connection, run, manager):
                return False
            if not (held := await is_held(connection, run_id)):
                if is_planned and run.status == "applying":
                    return True
                # A crash that takes this plan from the log leaves the run where it was, to be planned again.
                await connection.execute("SET LOCAL synchronous_commit = off")
                entered = await enter_step(
                    connection, run_id, attempt, "applying", service=_SERVICE, now=self._clock.now()
                )
        if held:
            raise AppliesPausedError
        return entered or run.status == "applying"

    async def _make_plan(self, connection: Connection, run: OpenRun, manager: LockedManager) -> bool:
        """Store a plan; false where it is not to be applied, and the run was closed."""
        key_field = run.setup.unique_id.field
        if manager.contacts and manager.key_field not in {None, key_field}:
            told = key_field_differs if run.undoes is None else undo_has_other_key
            error = told(run.setup.field_name(key_field))
            await self._close(connection, run, Outcome("failed", error.code, error.message))
            return False
        plan = await make_plan(connection, run, manager, sealer=self._sealer, source=self._source)
        await keep_plan(connection, run, manager, plan)
        verdict = plan.verdict
        if not verdict.applies:
            outcome = Outcome(verdict.status, verdict.code, verdict.message, counts=plan.counts)
            await self._close(connection, run, outcome)
        return verdict.applies

    async def _plan_and_apply(self, connection: Connection, run_id: UUID, attempt: int) -> bool:
        """Plan and apply under one lock of the manager, for whom people edit without a pause; they wait meanwhile.

        False where a password that is new in this plan has to be hashed first.
        """
        async with connection.transaction():
            if not await self._plan(connection, run_id, attempt):
                return True
            if not await all_hashed(connection, run_id):
                return False
            await connection.execute("SET LOCAL synchronous_commit TO DEFAULT")
            return await self._apply(connection, run_id, attempt)

    async def _apply(self, connection: Connection, run_id: UUID, attempt: int) -> bool:
        """Apply the stored plan; false where contacts changed since it was made, so that it is made anew."""
        async with connection.transaction():
            locked = await _locked(connection, run_id, attempt)
            if locked is None:
                return True
            run, manager = locked
            if await is_held(connection, run_id):
                raise AppliesPausedError
            if manager.change_number != run.plan_change_number:
                return False
            plan = await kept_plan(connection, run)
            is_of_file = run.approves is None and run.undoes is None
            staged = await complete_set(connection, run) if is_of_file else None
            first_load = None
            if plan.is_first_load and staged is not None:
                first_load = (await staged_rows(connection, run, staged, self._source)).name
            contacts = await apply_plan(
                connection,
                run,
                manager,
                plan.counts,
                row_scheme=plan.row_scheme,
                first_load=first_load,
                now=self._clock.now(),
            )
            balance = Balance(
                manager.contacts,
                contacts,
                chunk_bytes=staged.chunk_bytes if staged else None,
                text_bytes=staged.text_bytes if staged else None,
            )
            require_balance(plan.counts, balance, of_rows=run.undoes is None)
            if run.undoes is not None and (plan.counts.added or plan.counts.updated or plan.counts.deleted):
                await connection.execute("UPDATE runs SET undone_by = $2 WHERE id = $1", run.undoes, run.id)
            outcome = Outcome(plan.verdict.status, counts=plan.counts, balance=balance.figures())
            await self._close(connection, run, outcome)
            return True

    async def _close(self, connection: Connection, run: OpenRun, outcome: Outcome) -> None:
        now = self._clock.now()
        if not await close_run(connection, run.id, run.attempt, outcome, now=now, service=_SERVICE):
            raise TransientError("run_ended", "The run ended while it was planned or applied; this is rolled back.")

    async def _fail(self, run_id: UUID, attempt: int, error: ContactsSyncError) -> None:
        async with self._database.pool.acquire() as connection, connection.transaction():
            run = await read_open_run(connection, run_id, attempt)
            if run:
                await self._close(connection, run, Outcome("failed", error.code, error.message))


async def _locked(connection: Connection, run_id: UUID, attempt: int) -> tuple[OpenRun, LockedManager] | None:
    """Lock the run's manager, then read the run: it may have ended while the lock was waited for."""
    manager = await lock_manager(connection, run_id)
    run = await read_open_run(connection, run_id, attempt)
    return (run, manager) if run and run.status in {"planning", "applying"} else None
