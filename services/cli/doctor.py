"""`contacts-sync doctor`: looks at settings and every connection, and says what to do about what is wrong."""

import asyncio
import logging
from collections.abc import Callable, Sequence

import typer

from services.cli.checks import CHECKS, Check
from services.cli.failure import EXIT_FAILED, explained

app = typer.Typer(add_completion=False)

_CHECK_SECONDS = 30.0


async def examine(checks: Sequence[Check], say: Callable[[str], None]) -> bool:
    """Make each check in turn, say how it went, and return whether all is well.

    A check that comes after one that failed is passed over, as its answer would say nothing new.
    """
    failed: set[str] = set()
    for check in checks:
        if check.after in failed:
            failed.add(check.title)
            say(f"- {check.title}: not looked at, see {check.after}")
            continue
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                found = await check.look()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other checks go on
            known = explained(error)
            failed.add(check.title)
            say(f"✗ {check.title}: {known.message if known else type(error).__name__}")
            say(f"  → {check.remedy}")
        else:
            say(f"✓ {check.title}: {found}")
    return not failed


@app.command()
def doctor() -> None:
    """Check settings, keys, database, broker, object store, mail server and page; exit status 1 on any fault."""
    # The clients log what is said here in words that help.
    logging.disable(logging.CRITICAL)
    if not asyncio.run(examine(CHECKS, typer.echo)):
        raise typer.Exit(EXIT_FAILED)
