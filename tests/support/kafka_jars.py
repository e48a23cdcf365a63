"""Apache Kafka's jars, taken from Maven Central once for each user and version."""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from tests.support.server_process import REPOSITORY
from tests.support.system_packages import JAVA, MAVEN, reasons_missing
from tests.support.waiting import until

_POM = REPOSITORY / "deploy" / "kafka" / "pom.xml"
_CACHE = Path.home() / ".cache" / "contacts-sync"
_DOWNLOAD_SECONDS = 300


def jars_folder() -> Path:
    """Return the folder the jars belong in, whether or not they are there yet.

    It is named by Kafka's version and by the digest of the pom.xml, so that an edited one is built anew.
    """
    pom = _POM.read_bytes()
    version = re.search(rb"<kafka\.version>([^<]+)<", pom)
    if version is None:
        raise ValueError(f"{_POM} has no property kafka.version")
    return _CACHE / f"kafka-{version[1].decode()}-{hashlib.sha256(pom).hexdigest()[:8]}"


def java_and_maven_missing() -> str | None:
    """Return why Apache Kafka cannot run here, or None. With the jars at hand, Maven is not needed."""
    needed = [JAVA] if jars_folder().is_dir() else [JAVA, MAVEN]
    return "; ".join(reasons_missing(needed)) or None


async def fetched_jars() -> Path:
    """Return the folder with the jars; the first call on a machine has Maven fetch them, under a lock."""
    folder = jars_folder()
    if folder.is_dir():
        return folder
    _CACHE.mkdir(parents=True, exist_ok=True)
    async with _lock(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            await asyncio.to_thread(_fetch, folder)
    return folder


def _fetch(folder: Path) -> None:
    """Have Maven copy the jars beside `folder`, and rename: a folder of that name is always whole."""
    building = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    copy = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={building}"]
    try:
        maven = subprocess.run(
            [MAVEN.required(), "--quiet", "--batch-mode", "--file", _POM, *copy],
            capture_output=True,
            text=True,
            timeout=_DOWNLOAD_SECONDS,
            check=False,
        )
        if maven.returncode != 0:
            raise RuntimeError(f"Maven could not fetch Apache Kafka:\n{maven.stdout}{maven.stderr}")
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


@contextlib.asynccontextmanager
async def _lock(path: Path) -> AsyncIterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def taken() -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        await until(taken, within=_DOWNLOAD_SECONDS + 10, what=f"another process lets go of {path}", every=0.2)
        yield
    finally:
        os.close(descriptor)
