"""Keys that change: credentials are sealed anew, and afterwards the old key is not needed for them any more."""

import base64
from uuid import UUID, uuid4

import pytest

from services.cli.keys import reseal, reseal_passwords, reseal_webhooks
from services.web.forms.credentials import credentials_of
from shared.errors import PermanentError
from shared.events.set_up import RemoteSource
from shared.sealing import Sealer
from shared.store.imports import get_import
from shared.store.webhooks import SECRET_PURPOSE
from tests.integration.web.conftest import CANARY, KEY, Web

OLD = base64.b64decode(KEY)
NEW = bytes(range(1, 33))


async def password(web: Web, import_id: str, sealer: Sealer) -> str | None:
    source = (await get_import(web.db, UUID(import_id))).setup.source
    assert isinstance(source, RemoteSource)
    return credentials_of(source, sealer).password


async def test_credentials_open_with_the_new_key_alone(web: Web) -> None:
    made = await web.manager()
    saved = [await web.new_import(made["id"]) for _ in range(3)]
    assert await reseal(web.db, Sealer([NEW, OLD])) == (3, 0)
    for entry in saved:
        assert CANARY in str(await password(web, entry["id"], Sealer([NEW])))
        with pytest.raises(PermanentError) as broken:
            await password(web, entry["id"], Sealer([OLD]))
        assert broken.value.code == "seal_broken"
    assert await reseal(web.db, Sealer([NEW, OLD])) == (0, 3)


async def test_passwords_of_waiting_plans_open_with_the_new_key_alone(web: Web) -> None:
    run_id = uuid4()
    await web.db.executemany(
        "INSERT INTO plan_passwords (run_id, unique_id, field, fingerprint, sealed) VALUES ($1, $2, 3, 'f', $3)",
        [(run_id, str(number), Sealer([OLD]).seal(f"secret {number}", "password")) for number in range(2_500)],
    )
    assert await reseal_passwords(web.db, Sealer([NEW, OLD])) == 2_500
    rows = await web.db.fetch("SELECT unique_id, sealed FROM plan_passwords WHERE run_id = $1", run_id)
    clear = {row["unique_id"]: Sealer([NEW]).open(row["sealed"], "password") for row in rows}
    assert clear == {str(number): f"secret {number}" for number in range(2_500)}
    assert await reseal_passwords(web.db, Sealer([NEW, OLD])) == 0


async def test_secrets_of_webhooks_open_with_the_new_key_alone(web: Web) -> None:
    body = {"url": "https://receiver.example/", "events": ["import.finished"]}
    made = (await web.api.post("/webhooks", json=body)).json()
    renewed = (await web.api.post(f"/webhooks/{made['id']}/secret")).json()
    assert await reseal_webhooks(web.db, Sealer([NEW, OLD])) == 1
    row = await web.db.fetchrow("SELECT secret, old_secret FROM webhooks")
    assert row is not None
    clear = [Sealer([NEW]).open(row[name], SECRET_PURPOSE) for name in ("secret", "old_secret")]
    assert clear == [renewed["secret"], made["secret"]]
    assert await reseal_webhooks(web.db, Sealer([NEW, OLD])) == 0


async def test_without_the_old_key_nothing_is_changed(web: Web) -> None:
    saved = await web.new_import((await web.manager())["id"])
    with pytest.raises(PermanentError) as broken:
        await reseal(web.db, Sealer([NEW]))
    assert broken.value.code == "seal_broken"
    assert CANARY in str(await password(web, saved["id"], Sealer([OLD])))
