"""`contacts-sync up`: the embedded stack with the real database and broker set-up."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from services.cli.embedded.hooks import StackHooks
from services.cli.embedded.run_stack import PrintReady, run_stack
from services.cli.embedded.stack import StackOptions
from shared.clock import SystemClock
from shared.kafka.topic_admin import create_topics
from shared.postgres.migrate import migrate
from shared.store.broker_incarnation import record_incarnation
from shared.store.first_account import ensure_first_account
from shared.store.runs import any_run_active

_HOOKS = StackHooks(
    migrate=migrate,
    create_topics=create_topics,
    record_incarnation=record_incarnation,
    ensure_account=partial(ensure_first_account, clock=SystemClock()),
    any_run_active=any_run_active,
)


async def up(data: Path, host: str, port: int, scale: Mapping[str, int], print_ready: PrintReady) -> int:
    """Run the stack until SIGTERM, SIGINT or SIGHUP; returns the exit status (`run_stack` says which).

    `print_ready` is called once, with the ready line, when everything answers.
    """
    return await run_stack(data, StackOptions(host=host, port=port, scale=scale), _HOOKS, print_ready)
