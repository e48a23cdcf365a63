"""What can be seen of one manager through the API, told in the names of a scenario, as `steps.play` tells it."""

import asyncio
from dataclasses import dataclass, field

import httpx

from tests.model.parts import Setup
from tests.model.steps import JUDGED, KINDS, Outcome, values_seen
from tests.model.syncing import generated_id
from tests.support.imports import Json


@dataclass
class ServiceView:
    """One manager, and the names that a scenario gives to what is in it.

    `imports` and `runs` are ids by label; `owners` the label of the import of each run; `codes` the codes that were
    generated, by what the model calls them.
    """

    client: httpx.AsyncClient
    manager_id: str = ""
    key: str | None = None
    imports: dict[str, str] = field(default_factory=dict)
    setups: dict[str, Setup] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)

    def real(self, unique_id: str) -> str:
        """Return the code that stands for a generated unique id of the model's."""
        return self.codes.get(unique_id, unique_id)

    def called(self, unique_id: str | None) -> str:
        """Return what the model calls a unique id."""
        names = {real: name for name, real in self.codes.items()}
        return names.get(unique_id or "", unique_id or "")

    def label(self, run_id: str | None) -> str | None:
        """Return a run's label; of one that is not ours, the id."""
        labels = {real: label for label, real in self.runs.items()}
        return labels.get(run_id, run_id) if run_id else None

    async def run(self, label: str) -> Json:
        """Return a run as it is now."""
        run: Json = (await self.client.get(f"/runs/{self.runs[label]}")).json()
        return run

    async def pages(self, path: str) -> list[Json]:
        """Return all items of a list."""
        items: list[Json] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await self.client.get(path, params={"limit": "500"} | ({"cursor": cursor} if cursor else {}))
            assert page.status_code == 200, page.text
            items += page.json()["items"]
            cursor = page.json()["next"]
        return items

    async def run_seen(self, label: str) -> Outcome:
        """Return what is shown of a run that has ended."""
        run = await self.run(label)
        self.key = (await self.client.get(f"/managers/{self.manager_id}")).json()["key_field"]
        path = f"/runs/{run['id']}"
        problems, plan = await asyncio.gather(self.pages(f"{path}/problems"), self.pages(f"{path}/plan"))
        self._name_codes(label, run, plan)
        seen: Outcome = {
            "status": run["status"],
            "code": run["error"] and run["error"]["code"],
            "trigger": run["trigger"],
            "of": (self.label(run.get("approves")), self.label(run.get("undoes"))),
        }
        if run["status"] != "failed" or seen["code"] in JUDGED:
            seen["problems"] = {
                (problem["line"] or 0, problem["severity"], problem["code"], self.called(problem["unique_id"]))
                for problem in problems
                if problem["severity"] == "error" or run["status"] != "failed"
            }
        if run["status"] in ("failed", "unchanged"):
            return seen
        seen["counts"] = run["counts"]
        # A run that changes nothing may read its file by another key field than the manager's.
        key = self.key if run["undoes"] else self.setups[self.owners[label]].key
        seen["plan"] = {self.called(change["unique_id"]): change_seen(change, key) for change in plan}
        return seen

    def _name_codes(self, label: str, run: Json, plan: list[Json]) -> None:
        """Note what the model calls each code that a run generated; an approval takes those of the run it approves."""
        if self.setups[self.owners[label]].generate and run["trigger"] not in {"undo", "approve"}:
            added = [change for change in plan if change["change"] == "added"]
            self.codes |= {generated_id(label, change["line"]): change["unique_id"] for change in added}

    async def contacts_seen(self) -> Outcome:
        """Return all contacts."""
        found: Outcome = {}
        for item in await self.pages(f"/managers/{self.manager_id}/contacts"):
            values = {name: value for name, value in item["fields"].items() if value and name != self.key}
            found[self.called(item["unique_id"])] = values | {"written by": self.label(item["last_run_id"])}
        return found

    async def ends(self) -> Outcome:
        """Return for each run how it ended and what became of it since."""
        listed = [await self.pages(f"/imports/{import_id}/runs") for import_id in self.imports.values()]
        return {
            str(self.label(run["id"])): (
                run["status"],
                self.label(run["undone_by"]),
                self.label(run.get("approved_by")),
            )
            for runs in listed
            for run in runs
        }


def change_seen(change: Json, key: str | None) -> Outcome:
    """Return a change as `steps.run_seen` does: without the key field's values."""
    before, after = ({k: v for k, v in (change[side] or {}).items() if k != key} for side in ("before", "after"))
    return {
        "line": change["line"],
        "kind": change["change"],
        "values": values_seen(KINDS, before, after),
        "passwords": sorted(change["passwords_changed"]) if change["after"] is not None else [],
    }
