"""A Postgres of the tests' own with all migrations in it."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.cli.embedded.postgres import EmbeddedPostgres
from shared.postgres.migrate import migrate


@contextmanager
def migrated_postgres() -> Iterator[str]:
    """Run one in a folder that goes with it; gives its DSN. For fixtures that outlive a test's event loop."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # Postgres runs as another user where the tests run as root
        with asyncio.Runner() as runner:
            postgres = EmbeddedPostgres(folder / "postgres", folder / "postgres.log")
            dsn = runner.run(postgres.start())
            try:
                runner.run(migrate(dsn))
                yield dsn
            finally:
                runner.run(postgres.stop())
