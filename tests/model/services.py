"""Takes the steps of a scenario through the real services' API."""

import re
from dataclasses import asdict
from urllib.parse import quote
from uuid import uuid4

import httpx

from tests.model.parts import Setup
from tests.model.service_view import ServiceView
from tests.model.steps import (
    KINDS,
    Approve,
    DeleteContact,
    Outcome,
    PutContact,
    SaveImport,
    SignIn,
    StartRun,
    Step,
    Undo,
    WriteFile,
)
from tests.support.file_server import FileServer
from tests.support.imports import FINAL, Json
from tests.support.waiting import until

DAILY = {"start": "2099-01-01T06:30:00", "time_zone": "Europe/Berlin", "rrule": "FREQ=DAILY"}
RUN_SECONDS = 120
OPTIONS = ("has_header", "delimiter", "trim", "encoding", "delete_missing", "update_existing", "every_time")


class Services(ServiceView):
    """One new manager in the real services. `has_limits`: imports have the option."""

    def __init__(self, client: httpx.AsyncClient, server: FileServer, *, has_limits: bool) -> None:
        super().__init__(client)
        self._server = server
        self._has_limits = has_limits
        self._folder = f"/{uuid4()}/"
        self._uploads: dict[str, bytes] = {}
        self._files: dict[str, bytes | None] = {}

    async def play(self, step: Step) -> Outcome:
        """Take one step and return what `steps.play` returns of the model."""
        if not self.manager_id:
            fields = [{"name": name, "kind": kind} for name, kind in KINDS.items()]
            made = await self.client.post("/managers", json={"name": "People", "fields": fields, "key_field": None})
            self.manager_id = made.json()["id"]
        match step:
            case WriteFile(source, content):
                self._write(source, content)
                return {}
            case SignIn(unique_id, password):
                return {"answer": await self._sign_in(unique_id, password)}
            case StartRun() | Approve() | Undo() as starts:
                return await self._start(starts)
            case SaveImport(import_label, setup):
                answer = await self._save(import_label, setup)
            case PutContact(unique_id, values):
                answer = await self._put(unique_id, values)
            case DeleteContact(unique_id):
                answer = code_of(await self.client.delete(self._contact_path(unique_id)))
            case _:
                raise TypeError(step)
        return await self._seen(answer)

    async def _seen(self, answer: str | None, run: str | None = None) -> Outcome:
        seen = await self.run_seen(run) if run else None
        return {"answer": answer, "run": seen, "contacts": await self.contacts_seen(), "runs": await self.ends()}

    # Set-ups and files

    async def _save(self, label: str, setup: Setup) -> str | None:
        content = self._files.get(setup.source) or b""
        if setup.is_upload:
            source = await self._upload(content)
        else:
            source = {"kind": "remote", "url": self._server.url(self._folder + setup.source)}
        body = self._document(setup) | {"source": source}
        if label in self.imports:
            saved = await self.client.patch(f"/imports/{self.imports[label]}", json=body)
        else:
            saved = await self.client.post("/imports", json=body | {"manager_id": self.manager_id, "name": label})
        answer = code_of(saved)
        if answer is None:
            self.imports[label] = saved.json()["id"]
            self.setups[label] = setup
            self._uploads[label] = content
            self.key = setup.key
        return answer

    def _document(self, setup: Setup) -> Json:
        options = {name: getattr(setup, name) for name in OPTIONS}
        options["refused_values"] = "keep" if setup.keep_refused else "reject"
        options["missing_columns"] = "keep" if setup.keep_missing else "fail"
        options |= {"error_emails": [setup.error_email], "max_row_errors": setup.max_row_errors}
        if self._has_limits:
            limits = {"deletes": setup.deletes, "updates": setup.updates, "adds": setup.adds}
            options["limits"] = {name: asdict(limit) for name, limit in limits.items()}
        return {
            "options": options,
            "mapping": [{"column": column, "field": name} for column, name in setup.mapping],
            "unique_id": {"field": setup.key, "generate": setup.generate},
            "schedule": DAILY if setup.scheduled else None,
        }

    def _write(self, source: str, content: bytes | None) -> None:
        path = self._folder + source
        self._files[source] = content
        self._server.files.pop(path, None)
        if content is not None:
            written = re.sub(rb"~r\d+/\d+", lambda code: self.real(code[0].decode()).encode(), content)
            self._files[source] = self._server.files[path] = written

    async def _upload(self, content: bytes) -> Json:
        made = await self.client.post("/uploads", params={"name": "people.csv"}, content=content)
        assert made.status_code == 201, made.text
        return {"kind": "upload", "upload_id": made.json()["upload_id"]}

    async def _upload_newest(self, label: str) -> None:
        """Upload what was written since the import last had a file of the user's own computer."""
        setup = self.setups[label]
        content = self._files.get(setup.source) or b""
        if setup.is_upload and self._uploads[label] != content:
            change = {"source": await self._upload(content)}
            changed = await self.client.patch(f"/imports/{self.imports[label]}", json=change)
            if code_of(changed) != "key_field_differs":  # the run then fails for it all the same
                self._uploads[label] = content

    # Runs

    async def _start(self, step: StartRun | Approve | Undo) -> Outcome:
        body: Json = {}
        match step:
            case StartRun(import_label=import_label):
                if import_label not in self.imports:
                    return {}
                await self._upload_newest(import_label)
                path, body = f"/imports/{self.imports[import_label]}/runs", {"dry_run": step.dry_run}
            case Approve() | Undo():
                if step.run not in self.runs:
                    return {}
                what = "approve" if isinstance(step, Approve) else "undo"
                path = f"/runs/{self.runs[step.run]}/{what}" + "?dry_run=true" * step.dry_run
                if isinstance(step, Approve):
                    body = {"reason": "as agreed", "only": "additions_and_updates" if step.only else None}
        started = await self.client.post(path, json=body)
        if answer := code_of(started):
            return await self._seen(answer)
        self.runs[step.label] = started.json()["id"]
        self.owners[step.label] = next(k for k, v in self.imports.items() if v == started.json()["import_id"])

        async def has_ended() -> bool:
            return (await self.run(step.label))["status"] in FINAL

        await until(has_ended, within=RUN_SECONDS, what=f"{step} ends", every=0.1)
        return await self._seen(None, step.label)

    # Contacts

    def _contact_path(self, unique_id: str) -> str:
        return f"/managers/{self.manager_id}/contacts/{quote(self.real(unique_id), safe='')}"

    async def _put(self, unique_id: str, fields: dict[str, str]) -> str | None:
        values = {name: (value or None) if KINDS[name] == "password" else value for name, value in fields.items()}
        self.key = self.key or "No"
        path, query = self._contact_path(unique_id), {"key_field": self.key}
        return code_of(await self.client.put(path, json={"fields": values}, params=query))

    async def _sign_in(self, unique_id: str, password: str) -> str | None:
        body = {"unique_id": self.real(unique_id), "password": password}
        signed = await self.client.post(f"/managers/{self.manager_id}/portal-sign-in", json=body)
        return {204: None, 401: "refused"}.get(signed.status_code, signed.text)


def code_of(answer: httpx.Response) -> str | None:
    """Return the code of what was refused, None where it was not."""
    if answer.is_success:
        return None
    code: str = answer.json()["code"]
    return code
