"""ProFTPD beside vsftpd: Debian's packages exclude each other, so it is unpacked into a folder, not installed."""

import functools
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_PACKAGES = (
    "proftpd-core",
    "proftpd-mod-crypto",
    "libhashkit2",
    "libhiredis0.14",
    "libmemcached11",
    "libmemcachedutil2",
    "libpcre2-posix3",
)


@dataclass(frozen=True)
class Proftpd:
    """Where its parts lie."""

    root: Path

    @property
    def program(self) -> Path:
        """The server."""
        return self.root / "usr/sbin/proftpd"

    @property
    def modules(self) -> Path:
        """What `ModulePath` has to say."""
        return self.root / "usr/lib/proftpd"

    @property
    def libraries(self) -> Path:
        """What it needs beside the system's own libraries."""
        return next((self.root / "usr/lib").glob("*-linux-gnu"))


@functools.cache
def proftpd_missing() -> str | None:
    """Return why ProFTPD cannot be run here, or None; fetches it by apt, once for this machine."""
    if os.geteuid() != 0:
        return "ProFTPD is run as root only"
    if proftpd().program.exists():
        return None
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return "ProFTPD is unpacked from Debian's packages, and there is no apt here"
    proftpd().root.parent.mkdir(parents=True, exist_ok=True)
    # Several processes of tests may do this at once, each in a folder of its own; the first one's stays.
    unpacking = Path(tempfile.mkdtemp(prefix="unpacking-", dir=proftpd().root.parent))
    unpacking.chmod(0o755)
    for command in (
        ["apt-get", "download", *_PACKAGES],
        ["sh", "-c", 'for d in *.deb; do dpkg -x "$d" . || exit; done'],
    ):
        done = subprocess.run(command, cwd=unpacking, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            return f"ProFTPD's packages cannot be fetched: {done.stderr[-300:]}"
    try:
        unpacking.rename(proftpd().root)
    except OSError:  # another process was first
        shutil.rmtree(unpacking, ignore_errors=True)
        if not proftpd().program.exists():
            raise
    return None


def proftpd() -> Proftpd:
    """Return where it is, or would be; see `proftpd_missing`."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Proftpd(cache / "contacts-sync-tests/proftpd")
