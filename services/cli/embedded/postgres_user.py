"""As whom the embedded Postgres runs: it refuses root, and its folder may lie below closed folders."""

import logging
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from services.cli.embedded.child import Child, Drop, Launch
from services.cli.embedded.wheel_programs import postgres_program
from shared.errors import UserError

logger = logging.getLogger(__name__)

# Linux's numbers. The first lets a process read and traverse anything, the second also write; Docker grants
# only the second by default.
_CAP_DAC_READ_SEARCH = 2
_CAP_DAC_OVERRIDE = 1


def _unprivileged() -> pwd.struct_passwd | None:
    """Return `nobody`, or else any user but root: initdb wants one that has a name."""
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        return next((entry for entry in pwd.getpwall() if entry.pw_uid != 0), None)


def _candidates(user: int, group: int) -> Iterator[Drop]:
    """Yield the ways to try, least privilege first."""
    yield Drop(user, group)
    yield Drop(user, group, capability=_CAP_DAC_READ_SEARCH)
    yield Drop(user, group, capability=_CAP_DAC_OVERRIDE)
    yield Drop(user, group, namespace=True)


def _hand_over(folder: Path, drop: Drop) -> None:
    """Make the folder and all in it the user's, as the rest of the system sees that user."""
    user, group = (os.geteuid(), os.getegid()) if drop.namespace else (drop.user, drop.group)
    if folder.stat().st_uid == user:
        return
    for path in folder.rglob("*"):
        os.chown(path, user, group, follow_symlinks=False)
    # Last, so that a hand-over that was cut short is done again.
    os.chown(folder, user, group)


async def postgres_user(folder: Path, log: Path) -> Drop | None:
    """Return whom root must turn into to run Postgres in the folder, which is that user's from then on.

    None for an ordinary user, who runs it as is. Raises `postgres_needs_user` when nothing works here.
    """
    if os.geteuid() != 0:
        return None
    entry = _unprivileged()
    probe = [postgres_program("postgres"), "--version"]
    for drop in _candidates(entry.pw_uid, entry.pw_gid) if entry is not None else ():
        try:
            _hand_over(folder, drop)
        except PermissionError:
            continue
        child = await Child.start(probe, env={"LC_ALL": "C"}, log=log, launch=Launch(drop=drop, folder=str(folder)))
        if await child.wait() == 0:
            logger.info("postgres runs as %s", drop)
            return drop
    raise UserError(
        "postgres_needs_user",
        "Postgres refuses to run as root, and here root can neither become another user who reaches "
        f"{folder} nor use a user namespace. Start this as an ordinary user, or set "
        f"CONTACTS_SYNC_POSTGRES__DSN to a database of your own. Details: {log}",
    )
