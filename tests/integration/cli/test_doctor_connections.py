"""`doctor` against what is really there, and what is not."""

import base64
import json
from pathlib import Path

from services.cli.embedded.ports import LOOPBACK, free_port
from shared.kafka.topic_admin import create_topics
from tests.integration.cli.conftest import DSN, KAFKA, Command


async def test_each_connection_is_tried(command: Command, empty_database: str, kafka: str, tmp_path: Path) -> None:
    objects = tmp_path / "objects"
    nowhere = f"{LOOPBACK}:{free_port()}"
    settings = {
        DSN: empty_database,
        KAFKA: kafka,
        "CONTACTS_SYNC_SECRETS__KEYS": json.dumps([base64.b64encode(b"canary-key-of-the-doctors-tests!").decode()]),
        "CONTACTS_SYNC_OBJECTS__URL": objects.as_uri(),
        "CONTACTS_SYNC_NOTIFIER__SMTP_URL": f"smtp://{nowhere}",
        "CONTACTS_SYNC_WEB__PUBLIC_URL": f"http://{nowhere}",
    }
    first = await command("doctor", **settings)
    marks = {line.partition(":")[0] for line in first.out.splitlines() if not line.startswith(" ")}
    assert first.status == 1
    well = {"✓ Settings", "✓ Secret keys", "✓ Postgres", "✓ Kafka", "✓ Object store"}
    assert marks == well | {"✗ Schema", "✗ Topics", "✗ Mail server", "✗ Web page"}
    assert first.out.count("→") == 4
    assert not [path for path in objects.rglob("*") if path.is_file()]

    await create_topics(kafka)
    assert (await command("migrate", **settings)).status == 0
    second = await command("doctor", **settings | {"CONTACTS_SYNC_SECRETS__KEYS": '["not base64 canary"]'})
    assert "✓ Schema" in second.out
    assert "✓ Topics" in second.out
    assert "✗ Secret keys" in second.out
    assert "- Object store: not looked at, see Secret keys" in second.out
    assert "canary" not in second.out + second.err
    assert base64.b64encode(b"canary-key-of-the-doctors-tests!").decode() not in first.out + first.err
