"""`contacts-sync` in which a few rows are many: small files take the roads that else only large ones do.

The syncer takes its SQL for large runs from a few rows on, and the parser cuts batches of a few rows, so that most
files have several, for which the syncer makes tables of their own. Run it as a module, in place of the command's own.
"""

import sys
from contextlib import ExitStack
from functools import partial
from unittest.mock import patch

from services.cli.embedded import up
from services.cli.embedded.stack import StackOptions
from services.cli.main import app
from services.parser.domain import batching
from services.syncer.adapters import large_runs

MANY = 6
"""Rows, changes or contacts; scenarios have mostly a few more, now and then fewer."""
BATCH_BYTES = 400

# Set before the services' modules are loaded, which take some of them by value.
_CHANGED = (
    (
        up,
        "StackOptions",
        partial(StackOptions, program=lambda service: [sys.executable, "-m", __spec__.name, "run", service]),
    ),
    (large_runs, "LARGE", MANY),
    (large_runs, "_MIDDLING", MANY // 2),
    (batching, "MAX_UNPACKED_BYTES", BATCH_BYTES),
)

if __name__ == "__main__":
    with ExitStack() as changes:
        for module, name, value in _CHANGED:
            changes.enter_context(patch.object(module, name, value))
        app()
