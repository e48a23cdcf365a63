"""The folder in which a stack keeps its state: where what lies, and that one stack uses it at a time."""

import fcntl
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from shared.errors import UserError


@dataclass(frozen=True, slots=True)
class DataFolder:
    """`root` is absolute. Its name and parts can be seen by others, nothing in the parts can."""

    root: Path

    @classmethod
    def at(cls, path: Path) -> Self:
        """Return the data folder at a path that may be relative."""
        return cls(path.resolve())

    @property
    def postgres(self) -> Path:
        """Return the folder of the database and its passwords."""
        return self.root / "postgres"

    @property
    def objects(self) -> Path:
        """Return the folder that serves as object store."""
        return self.root / "objects"

    @property
    def mails(self) -> Path:
        """Return the folder of the mails that the sink took."""
        return self.root / "mails"

    @property
    def secrets(self) -> Path:
        """Return the folder of the keys, the token and the password."""
        return self.root / "secrets"

    def log(self, name: str) -> Path:
        """Return the log file of one process."""
        return self.root / "logs" / f"{name}.log"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folders and hold the lock; raises `data_folder_in_use` or `data_folder_unusable`."""
        try:
            # Postgres, as another user than root, has to pass through.
            self.root.mkdir(mode=0o711, parents=True, exist_ok=True)
            for folder in (self.objects, self.mails, self.secrets, self.root / "logs"):
                folder.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UserError(
                "data_folder_unusable",
                f"The folder {self.root} cannot be used: {error.strerror}. Choose another one with --data.",
                field="data",
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 20).decode() or "unknown"
            os.close(descriptor)
            raise UserError(
                "data_folder_in_use",
                f"Another stack (process {holder}) is running on {self.root}. "
                "Stop that one, or choose another folder with --data.",
                field="data",
            ) from error
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(descriptor)


@contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Send what this package logs to the file (mode 0600) and to standard error."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    handlers = (logging.FileHandler(path), logging.StreamHandler(sys.stderr))
    target = logging.getLogger(__package__)
    before = target.level, target.propagate
    target.setLevel(logging.INFO)
    target.propagate = False
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        target.addHandler(handler)
    try:
        yield
    finally:
        target.level, target.propagate = before
        for handler in handlers:
            target.removeHandler(handler)
            handler.close()
