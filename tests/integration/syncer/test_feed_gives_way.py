"""Which runs the feed of changes gives way to."""

import pytest

from services.syncer.adapters.feed_cursors import is_large_run_under_way
from shared.events.set_up import RemoteSource
from shared.ids import new_id
from shared.store.imports import ImportDraft, create_import
from shared.store.set_ups import ImportSetup, MappingLine, UniqueId
from tests.integration.syncer.conftest import NOW, Searched

_RUN = """
INSERT INTO runs (id, import_id, manager_id, trigger, dry_run, status, setup, setup_fingerprint, queued_at, bytes,
    finished_at)
SELECT $1, $2, $3, 'now', false, $4, '{}', '', $5, $6, CASE WHEN $4 = 'succeeded' THEN $5::timestamptz END
"""


@pytest.mark.parametrize(
    ("status", "mib", "gives_way"),
    [
        ("fetching", 8, False),
        ("staging", 8, True),
        ("applying", 8, True),
        ("applying", 7, False),
        ("queued", 8, False),
        ("succeeded", 8, False),
    ],
)
async def test_the_feed_gives_way_to_large_runs_at_work(
    searched: Searched, status: str, mib: int, *, gives_way: bool
) -> None:
    source = RemoteSource(url="http://127.0.0.1:1/people.csv")
    setup = ImportSetup(source=source, mapping=[MappingLine(column="No", field=1)], unique_id=UniqueId(field=1))
    draft = ImportDraft(new_id(), searched.manager_id, "people.csv", setup, None, None, None)
    import_id = await create_import(searched.db, draft, now=NOW)
    await searched.db.execute(_RUN, new_id(), import_id, searched.manager_id, status, NOW, mib << 20)
    assert await is_large_run_under_way(searched.db) is gives_way
