"""A tenth of the crowd that schedulers have to start within seconds, with one of them killed on the way."""

from pathlib import Path

import pytest

from tests.support.due_crowd import DueCrowd
from tests.support.kafka_server import KafkaServer


@pytest.mark.timeout(900)
async def test_every_schedule_of_a_crowd_gets_its_run_though_a_scheduler_dies(
    kafka: KafkaServer | None, tmp_path_factory: pytest.TempPathFactory, *, is_long: bool
) -> None:
    stored, due = (100_000, 10_000) if is_long else (10_000, 1_000)
    folder: Path = tmp_path_factory.mktemp("crowd")
    folder.parent.chmod(0o755)
    crowd = DueCrowd(folder, kafka.bootstrap_servers if kafka else None)
    async with crowd.running(stored=stored, due=due, managers=due // 10) as db:
        first, _ = await crowd.scheduler(), await crowd.scheduler()
        outcome = await crowd.come_due(db, kill=first, within=300)
        assert await db.fetchval("SELECT count(*) FROM imports WHERE next_run_at <= now()") == 0
    assert not first.running
    assert outcome.imports_with_a_run == outcome.runs == outcome.runs_asked_for == due
    assert outcome.events == due, "what is said again is the same event"
