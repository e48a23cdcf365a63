"""Set-ups gone through with a person's hands, from the page of a contact manager on."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import httpx
from playwright.async_api import Locator, Page, expect

from tests.support.browser_page import READ, SetUpSteps
from tests.support.hands import Hands, Mouse
from tests.support.imports import Importing, Json
from tests.support.stack import Stack

STEPS: Final = ("source", "options", "preview", "mapping", "outcome", "run")
OPTIONS: Final = {
    "has_header": "Consider First Line as Header",
    "delete_missing": "Delete contacts not found in the synchronization file",
    "update_existing": "Update the contacts with changes from the import file",
    "every_time": "Import file every time, regardless of its state",
}
NEVER: Final = "\N{EN DASH}"
"""What stands where there is no time."""
ENDED: Final = 60_000
"""Milliseconds within which a run has to have ended."""


class RemoteFile(NamedTuple):
    """A file on a server, and what it takes to get it; empty is what is not needed."""

    url: str
    login: str = ""
    password: str = ""
    ca_certificate: str = ""


@dataclass
class ManagerByHand:
    """A contact manager, the person who looks after it, and the API through which a test sees what became of it."""

    hands: Hands
    stack: Stack
    client: httpx.AsyncClient
    id: str
    name: str

    @property
    def page(self) -> Page:
        """The page in front of the person."""
        return self.hands.page

    async def import_ready(self, url: str, **parts: object) -> Importing:
        """Set up an import `people` of a file over the API; `parts` are those that matter to a test."""
        body: Json = {
            "name": "people",
            "manager_id": self.id,
            "source": {"kind": "remote", "url": url},
            "mapping": [{"column": name, "field": name} for name in ("No", "Name")],
            "unique_id": {"field": "No"},
        }
        answer = await self.client.post("/imports", json=body | parts)
        assert answer.status_code == 201, answer.text
        return Importing(self.client, self.id, answer.json()["id"])

    async def imports(self) -> list[Json]:
        """Return what is set up."""
        found: list[Json] = (await self.client.get("/imports", params={"manager_id": self.id})).json()["items"]
        return found

    async def contacts(self) -> dict[str, Json]:
        """Return the first hundred contacts by their unique id."""
        answer = await self.client.get(f"/managers/{self.id}/contacts", params={"limit": 100})
        return {item["unique_id"]: item["fields"] for item in answer.json()["items"]}

    async def go_home(self) -> None:
        """Open the Synchronization page."""
        await self.page.goto(f"{self.stack.url}/managers/{self.id}/imports")

    async def set_up(self) -> "SetUpByHand":
        """Go to the Synchronization page, and press Setup New Import."""
        await self.go_home()
        await self.hands.press(self.page.get_by_role("link", name="Setup New Import"))
        steps = SetUpByHand(self.hands)
        await steps.steps.stands_at_start()
        return steps

    async def edit(self, name: str) -> "SetUpByHand":
        """Go to the Synchronization page, and press Edit next to an import."""
        await self.go_home()
        return await self.press_edit(name)

    async def press_edit(self, name: str) -> "SetUpByHand":
        """Press Edit next to an import on the Synchronization page, which is open."""
        await self.hands.press(self.page.get_by_role("link", name=f"Edit {name}"))
        steps = SetUpByHand(self.hands)
        await steps.steps.stands_at_start()
        return steps

    async def go(self, name: str, state: str) -> Json:
        """Press Go next to an import, wait until its run has ended in this state, and return it."""
        await self.go_home()
        await self.hands.press(self.page.get_by_role("button", name=f"Go: import {name} now"))
        return await self.run_shown(state)

    async def run_shown(self, state: str) -> Json:
        """Wait until the run of the page has ended in this state, and return it."""
        await self.page.wait_for_url("**/runs/*")
        await expect(self.page.locator("main [data-run]")).to_have_count(0, timeout=ENDED)
        await expect(self.page.locator("[data-state]")).to_have_text(state)
        run: Json = (await self.client.get(f"/runs/{self.page.url.rpartition('/')[2]}")).json()
        return run


async def make_manager(hands: Hands, stack: Stack, client: httpx.AsyncClient, fields: dict[str, str]) -> ManagerByHand:
    """Make a contact manager with these fields, by name and kind."""
    name = f"Members by {type(hands).__name__.lower()}"
    body: Json = {"name": name, "fields": [{"name": each, "kind": kind} for each, kind in fields.items()]}
    answer = await client.post("/managers", json=body)
    assert answer.status_code == 201, answer.text
    return ManagerByHand(hands, stack, client, answer.json()["id"], name)


@dataclass
class SetUpByHand:
    """The page on which an import is set up or edited."""

    hands: Hands
    steps: SetUpSteps = field(init=False)

    def __post_init__(self) -> None:
        self.steps = SetUpSteps(self.hands.page)

    @property
    def page(self) -> Page:
        """The page in front of the person."""
        return self.hands.page

    def button(self, name: str) -> Locator:
        """Return a button by its name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def box(self, label: str) -> Locator:
        """Return a check box by what stands beside it."""
        return self.page.locator("label", has_text=label).get_by_role("checkbox")

    def radio(self, label: str) -> Locator:
        """Return a radio button by what stands beside it."""
        return self.page.get_by_role("radio", name=label, exact=True)

    def recurrence(self, value: str) -> Locator:
        """Return a radio button of the recurrence pattern by its value: most are called "Every"."""
        return self.page.locator(f"[name=repeat][value={value}]")

    async def from_computer(self, file: Path) -> None:
        """Choose a file of the computer: to the mouse the choice itself opens the browser's dialogue."""
        choice = self.radio("Select from your computer")
        if isinstance(self.hands, Mouse):
            await self.hands.give_file(choice, file)
            return
        await self.hands.choose(choice)
        await self.hands.give_file(self.page.get_by_label("File", exact=True), file)

    async def from_network(self, protocol: str, file: RemoteFile) -> None:
        """Choose a file on a server, and write what is given of it."""
        await self.hands.choose(self.radio("Select from network or internet"))
        await self.hands.select(self.page.get_by_label("Protocol"), protocol)
        await self.hands.write(self.page.get_by_label("Link", exact=True), file.url.partition("://")[2])
        for label, text in (("Login", file.login), ("Password", file.password)):
            if text:
                await self.hands.write(self.page.get_by_label(label, exact=True), text)
        if file.ca_certificate:
            await self.hands.press(self.page.get_by_text("Private key, token, host key, certificate"))
            certificate = self.page.get_by_label("Certificate of the server's authority")
            await self.hands.write(certificate, file.ca_certificate)

    async def next(self, step: str) -> None:
        """Press Next, and wait until this step stands there and has read what it shows."""
        await self.hands.press(self.button("Next"))
        await self.steps.stands_at(step)
        if step == "preview":
            await expect(self.page.locator("#preview table.rows")).to_be_visible(timeout=READ)
        if step == "outcome":
            await self.steps.dry_run_ended()

    async def on_to(self, step: str) -> None:
        """Press Next from the step that stands there until this one does."""
        at = await self.page.locator("[data-go][aria-current=step]").get_attribute("data-go") or ""
        for each in STEPS[STEPS.index(at) + 1 : STEPS.index(step) + 1]:
            await self.next(each)

    async def back(self, step: str) -> None:
        """Press Back, and wait until this step stands there."""
        await self.hands.press(self.button("Back"))
        await self.steps.stands_at(step)

    async def jump(self, step: str) -> None:
        """Press a step in the list of steps, as those may who edit what is saved."""
        await self.hands.press(self.page.locator(f"[data-go={step}]"))
        await self.steps.stands_at(step)

    async def save_options(self, **boxes: bool) -> None:
        """Set check boxes of the options, as `OPTIONS` calls them, and save; nothing is run."""
        await self.jump("options")
        for name, is_on in boxes.items():
            await self.set_box(OPTIONS[name], is_on=is_on)
        await self.jump("run")
        scheduled = await self.page.locator("[name=repeat]:checked").get_attribute("value") != "none"
        await self.finish("Finish" if scheduled else "Save without running")

    async def set_box(self, label: str, *, is_on: bool) -> None:
        """Tick a check box, or take the tick out, if it is not so yet."""
        if await self.box(label).is_checked() != is_on:
            await self.hands.tick(self.box(label))

    async def finish(self, name: str) -> None:
        """Press the button of the last step that saves, and wait for the Synchronization page."""
        await self.hands.press(self.button(name))
        await self.page.wait_for_url("**/managers/*/imports")
