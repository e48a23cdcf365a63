"""Setting up imports and running them through the HTTP API, while someone watches."""

from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape

from services.cli.api_client import ApiClient, Document
from services.cli.import_watch import FIRST_PROBLEMS, print_summary, progress_bars, show_run

ERROR_EMAIL = "hr@staff.example.com"


@dataclass(frozen=True)
class Desk:
    """The API and the display; `runs` are all that were made here, in order."""

    api: ApiClient
    console: Console
    runs: list[Document] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Print a line, as it is."""
        self.console.print(escape(text))

    def make_manager(self, name: str, fields: dict[str, str]) -> str:
        """Make a contact manager with fields of these kinds; returns its id."""
        body = {"name": name, "fields": [{"name": each, "kind": kind} for each, kind in fields.items()]}
        manager_id: str = self.api.post("/managers", body)["id"]
        self.say(f"Made the contact manager “{name}” with the fields {', '.join(fields)}.")
        return manager_id

    def make_import(self, name: str, manager_id: str, source: dict[str, str], **others: Any) -> str:  # noqa: ANN401 - parts of the document
        """Set up an import of all fields from columns of their names, the first being the key; returns its id."""
        columns = [each["name"] for each in self.api.get(f"/managers/{manager_id}")["fields"]]
        options = {"has_header": True, "error_emails": [ERROR_EMAIL]} | others.pop("options", {})
        body = {
            "name": name,
            "manager_id": manager_id,
            "source": source,
            "options": options,
            "mapping": [{"column": column, "field": column} for column in columns],
            "unique_id": {"field": columns[0]},
            **others,
        }
        import_id: str = self.api.post("/imports", body)["id"]
        self.say(f"Set up the import “{name}” of {source['url']}, login {source['login']}.")
        return import_id

    def run(self, import_id: str) -> Document:
        """Import now, with a progress bar, and return the run as it ended."""
        return self._watched(self.api.post(f"/imports/{import_id}/runs", {}))

    def decide(self, run_id: str, what: str, body: Document) -> Document:
        """Approve or undo a run, as the path's end says, and return the run that does it as it ended."""
        return self._watched(self.api.post(f"/runs/{run_id}/{what}", body))

    def _watched(self, run: Document) -> Document:
        with progress_bars() as progress:
            run = show_run(self.api.watch_run(run["id"]), progress)
        self.runs.append(run)
        problems = self.api.get(f"/runs/{run['id']}/problems", limit=FIRST_PROBLEMS)["items"]
        print_summary(run, problems, console=self.console)
        return run

    def contacts(self, manager_id: str) -> int:
        """Return how many contacts there are now."""
        count: int = self.api.get(f"/managers/{manager_id}")["contact_count"]
        return count
