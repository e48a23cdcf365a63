"""Making a Postgres cluster: initdb, in a folder that takes its place only when it is whole."""

import os
import shutil
from pathlib import Path

from services.cli.embedded.child import Child, Launch
from services.cli.embedded.postgres_user import postgres_user
from services.cli.embedded.wheel_programs import postgres_program

SUPERUSER = "postgres"
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin"}


async def make_cluster(data: Path, password: str, log: Path) -> int:
    """Make the cluster `data`, whose superuser has the password; returns initdb's exit status.

    Text sorts by code point. Everyone who connects needs a password, from wherever they come.
    """
    half = data.with_name(f"{data.name}.new")
    # What a predecessor left half made.
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    drop = await postgres_user(half, log)
    password_file = half / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    owner = half.stat()
    if os.geteuid() == 0:
        os.chown(password_file, owner.st_uid, owner.st_gid)
    cluster = half / "cluster"
    child = await Child.start(
        [
            postgres_program("initdb"),
            f"--pgdata={cluster}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ],
        env=ENVIRONMENT,
        log=log,
        launch=Launch(drop=drop, folder=str(half)),
    )
    try:
        status = await child.wait()
    finally:
        child.kill()
        password_file.unlink()
    if status == 0:
        cluster.rename(data)
        half.rmdir()
    return status
