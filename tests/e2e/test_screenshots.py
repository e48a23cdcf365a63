"""The pictures in README and docs: made anew by `make screenshots`, and still of what the pages show."""

import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.support.browser_page import READ, SetUpSteps, running_browser, signed_in
from tests.support.imports import FINAL, Json, csv_of
from tests.support.stack import Stack
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT: Final = Path(__file__).parents[2]
PICTURES: Final = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1200, 760
FIRST = ("Ada", "Björn", "Chiara", "Deniz", "Edda", "Femke", "Giulia", "Håkon", "Inés", "Jakub", "Katalin", "Lars")
LAST = ("Lindqvist", "Okafor", "Moreau", "Kowalska", "Demir", "Hansen", "Rossi")
TOWNS = ("Aarhus", "Bergen", "Cork", "Delft", "Essen")
HEADER = ["Member no", "Full name", "E-mail", "Town"]
FIELDS = [("Number", "text"), ("Name", "text"), ("Email", "email"), ("Town", "text")]
DAILY = {"start": "2026-12-01T06:30:00", "time_zone": "Europe/Berlin", "rrule": "FREQ=DAILY"}
WEEKLY = {"start": "2026-12-07T20:00:00", "time_zone": "Europe/Berlin", "rrule": "FREQ=WEEKLY;BYDAY=MO"}
SHOWN = ("mapping", "what-will-happen", "contacts", "synchronization", "refused", "operations")


def members(count: int, *, moved: int = 0) -> str:
    rows = []
    for number in range(count):
        first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
        town = TOWNS[(number + (number < moved)) % len(TOWNS)]
        rows.append([f"M-{1001 + number}", f"{first} {last}", f"m{1001 + number}@example.org", town])
    return csv_of(rows, HEADER)


@pytest_asyncio.fixture(loop_scope="session")
async def page(embedded_stack: Stack) -> AsyncIterator[Page]:
    async with running_browser() as browser:
        page = await signed_in(browser, embedded_stack, zone="Europe/Berlin")
        await page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        yield page


@pytest.fixture
def is_writing(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--write-screenshots"))


async def test_the_main_screens_look_as_in_the_docs(
    page: Page, embedded_stack: Stack, tmp_path: Path, *, is_writing: bool
) -> None:
    folder = PICTURES if is_writing else tmp_path

    async def take(name: str) -> None:
        await page.mouse.move(0, 0)
        await page.screenshot(path=folder / f"{name}.png", animations="disabled")

    async with embedded_stack.client() as client:
        manager = await made(client, "/managers", named("Members", FIELDS))
        file = tmp_path / "members.csv"
        file.write_text(members(84), encoding="utf-8")
        await page.goto(f"{embedded_stack.url}/imports/new?manager={manager['id']}")
        steps = SetUpSteps(page)
        await page.check("[name=source][value=upload]")
        await page.set_input_files("[name=file]", file)
        await steps.go_on("options", "preview", "mapping")
        await expect(page.locator("table.mapping .why").first).to_be_visible(timeout=READ)
        await take("mapping")
        await steps.go_on("outcome")
        await steps.dry_run_ended()
        await take("what-will-happen")
        await page.get_by_role("button", name="Run Import").click()
        await expect(page.locator("[data-state]")).to_have_text("Finished successfully", timeout=3 * READ)

        for name, schedule in (("Staff of all offices", DAILY), ("Volunteers", WEEKLY)):
            await made(client, "/imports", scheduled(manager["id"], name, schedule))
        (entry,) = [each for each in (await client.get("/imports")).json()["items"] if each["name"] == "members"]
        await client.patch(f"/imports/{entry['id']}", json={"options": {"delete_missing": True}})
        await client.patch(f"/imports/{entry['id']}", json={"options": {"limits": {"deletes": {"percent": 10}}}})
        refused = await run_of(client, entry["id"], members(61, moved=9))
        assert refused["status"] == "refused", refused

        await page.goto(f"{embedded_stack.url}/managers/{manager['id']}")
        await take("contacts")
        await page.goto(f"{embedded_stack.url}/managers/{manager['id']}/imports")
        await take("synchronization")
        await page.goto(f"{embedded_stack.url}/runs/{refused['id']}")
        await take("refused")
        await page.goto(f"{embedded_stack.url}/operations")
        await take("operations")
        for each in (await client.get("/imports", params={"manager_id": manager["id"]})).json()["items"]:
            await client.delete(f"/imports/{each['id']}")
    assert steps.failures == []
    told = "".join(path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    for name in SHOWN:
        assert size_of(folder / f"{name}.png") == size_of(PICTURES / f"{name}.png") == (WIDTH, HEIGHT)
        assert f"pictures/{name}.png" in told


def size_of(picture: Path) -> tuple[int, int]:
    """Return a PNG's width and height."""
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    return width, height


def named(name: str, fields: list[tuple[str, str]]) -> Json:
    return {"name": name, "fields": [{"name": each, "kind": kind} for each, kind in fields]}


def scheduled(manager_id: str, name: str, schedule: Json) -> Json:
    return {
        "name": name,
        "manager_id": manager_id,
        "source": {
            "kind": "remote",
            "url": f"sftp://files.example.org/export/{name.split(maxsplit=1)[0].lower()}.csv",
            "login": "export",
            "password": "not used",
        },
        "mapping": [{"column": "Member no", "field": "Number"}],
        "unique_id": {"field": "Number"},
        "schedule": schedule,
    }


async def made(client: httpx.AsyncClient, path: str, body: Json) -> Json:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


async def run_of(client: httpx.AsyncClient, import_id: str, text: str) -> Json:
    upload = await client.post("/uploads", params={"name": "members.csv"}, content=text.encode())
    source = {"kind": "upload", "upload_id": upload.json()["upload_id"]}
    await client.patch(f"/imports/{import_id}", json={"source": source})
    run_id = (await client.post(f"/imports/{import_id}/runs", json={})).json()["id"]

    async def ended() -> Json | None:
        run: Json = (await client.get(f"/runs/{run_id}")).json()
        return run if run["status"] in FINAL else None

    return await until(ended, within=60, what="the run ends")
