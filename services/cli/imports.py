"""`contacts-sync import`: sets up an import over the HTTP API, runs it, and watches it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from services.cli.api_client import ApiClient, Document
from services.cli.failure import EXIT_FAILED, told
from services.cli.import_source import ColumnMapping, columns_of, dialect_of, is_link, link_name, map_columns
from services.cli.import_watch import FIRST_PROBLEMS, blocks_of, print_summary, progress_bars, show_run
from services.cli.secret_input import password_from_stdin
from services.cli.settings import Settings, load
from shared.errors import UserError
from shared.rules.dialect import Dialect

app = typer.Typer(add_completion=False)

EXIT_STATUS = {
    "succeeded": 0,
    "unchanged": 0,
    "planned": 0,
    "failed": EXIT_FAILED,
    "cancelled": EXIT_FAILED,
    "succeeded_with_errors": 3,
    "refused": 4,
}


@dataclass(frozen=True)
class Wish:
    """What the command line asks for; a local file has a path, a remote one is a link."""

    source: str
    name: str
    path: Path | None
    dialect: Dialect
    mapping: ColumnMapping
    delete_missing: bool
    login: str | None
    password: str | None = field(repr=False)

    def document(self, manager_id: str, source: Document) -> Document:
        """Return the import as `POST` and `PATCH` take it."""
        return {
            "name": self.name,
            "manager_id": manager_id,
            "source": source,
            "options": {
                "has_header": self.dialect.has_header,
                "delimiter": self.dialect.delimiter,
                "encoding": self.dialect.encoding,
                "delete_missing": self.delete_missing,
            },
            "mapping": [{"column": line.column, "field": line.field} for line in self.mapping.lines],
            "unique_id": {"field": self.mapping.key_field},
        }


def find_or_create_manager(api: ApiClient, name: str, fields: list[str]) -> str:
    """Return the id of the manager with this name or id, in which all the fields are, made where they are missing."""
    found = [manager for manager in api.list_all("/managers") if name in {manager["name"], manager["id"]}]
    if len(found) > 1:
        ids = ", ".join(manager["id"] for manager in found)
        message = f'There are several contact managers called "{name}": give one\'s id instead, of {ids}.'
        raise UserError("manager_ambiguous", message, field="manager")
    if not found:
        body = {"name": name, "fields": [{"name": each, "kind": "text"} for each in fields]}
        return str(api.post("/managers", body)["id"])
    manager = found[0]
    known = {each["name"] for each in manager["fields"]}
    for each in fields:
        if each not in known:
            api.post(f"/managers/{manager['id']}/fields", {"name": each, "kind": "text"})
    return str(manager["id"])


def save_import(api: ApiClient, manager_id: str, wish: Wish, progress: Progress) -> str:
    """Set the import up, or change the manager's import of that name; returns its id."""
    source: Document
    if wish.path is not None:
        size = wish.path.stat().st_size
        upload = api.upload(wish.name, size, blocks_of(wish.path, size, progress))
        source = {"kind": "upload", "upload_id": upload["upload_id"]}
    else:
        source = {"kind": "remote", "url": wish.source}
        source |= {"login": wish.login} if wish.login is not None else {}
        source |= {"password": wish.password} if wish.password is not None else {}
    document = wish.document(manager_id, source)
    for saved in api.list_all("/imports", manager_id=manager_id):
        if saved["name"] == wish.name:
            return str(api.patch(f"/imports/{saved['id']}", document)["id"])
    return str(api.post("/imports", document)["id"])


def _wish(  # noqa: PLR0913 - the options of the command
    source: str,
    key: str,
    maps: list[str],
    dialect: Dialect,
    settings: Settings,
    *,
    delete_missing: bool,
    login: str | None,
    password_stdin: bool,
) -> Wish:
    path = None if is_link(source) else Path(source)
    name = link_name(source) if path is None else path.name
    columns = None if path is None else columns_of(path, dialect)
    mapping = map_columns(columns, maps, key, has_header=dialect.has_header)
    password = settings.import_password.get_secret_value() if settings.import_password else None
    if password_stdin:
        password = password_from_stdin()
    return Wish(source, name, path, dialect, mapping, delete_missing, login, password)


def client_of(settings: Settings, url: str | None, token: str | None) -> ApiClient:
    """Return a client of the API that the options or the settings name; UserError `token_missing`."""
    known = settings.api.token.get_secret_value() if settings.api.token else ""
    if not (token or known):
        message = (
            "An API token is needed, as CONTACTS_SYNC_API__TOKEN or with --token: `contacts-sync up` prints one, and "
            "`contacts-sync users token LOGIN` makes one."
        )
        raise UserError("token_missing", message, field="token")
    return ApiClient(url or settings.api.url, token or known)


@app.command("import")
def import_file(  # noqa: PLR0913 - each is an option of the command
    source: Annotated[str, typer.Argument(metavar="FILE_OR_URL", help="A file's path, or sftp://, https://, …")],
    manager: Annotated[str, typer.Option(help="The contact manager, by name or id; made where it is missing.")],
    key: Annotated[str, typer.Option(metavar="COLUMN", help="The column that tells contacts apart.")],
    *,
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN[=FIELD]", help="A column to import; without any: all of the file."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan the changes to contacts, make none.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait for the end of the run.")] = True,
    delimiter: Annotated[str, typer.Option(help="1 to 8 characters; or comma, semicolon, tab, pipe, space.")] = ",",
    header: Annotated[bool, typer.Option(help="The first line is a header; else columns are 1, 2, …")] = True,
    encoding: Annotated[str | None, typer.Option(help="Of the file.", show_default="UTF-8")] = None,
    delete_missing: Annotated[
        bool, typer.Option("--delete-missing", help="Delete contacts that are not in the file.")
    ] = False,
    login: Annotated[str | None, typer.Option(help="The login on the server of a link.")] = None,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin",
            help="Take the password on that server from standard input; else CONTACTS_SYNC_IMPORT_PASSWORD.",
        ),
    ] = False,
    url: Annotated[str | None, typer.Option(help="The root of the API.", show_default="CONTACTS_SYNC_API__URL")] = None,
    token: Annotated[str | None, typer.Option(help="The API token.", show_default="CONTACTS_SYNC_API__TOKEN")] = None,
) -> None:
    """Set up an import and run it. One with the same name in that contact manager is changed and used again.

    Exit status 0: succeeded, unchanged or planned; 1: failed; 2: usage; 3: succeeded with errors; 4: refused.
    """
    with told():
        settings = load()
        dialect = dialect_of(delimiter, has_header=header, encoding=encoding)
        wish = _wish(
            source,
            key,
            maps or [],
            dialect,
            settings,
            delete_missing=delete_missing,
            login=login,
            password_stdin=password_stdin,
        )
        with client_of(settings, url, token) as api:
            with progress_bars() as progress:
                manager_id = find_or_create_manager(api, manager, [line.field for line in wish.mapping.lines])
                import_id = save_import(api, manager_id, wish, progress)
                run = api.post(f"/imports/{import_id}/runs", {"dry_run": dry_run})
                if wait:
                    run = show_run(api.watch_run(run["id"]), progress)
            if not wait:
                typer.echo(f"Queued run {run['id']}.")
                return
            problems = api.get(f"/runs/{run['id']}/problems", limit=FIRST_PROBLEMS)["items"]
        print_summary(run, problems, console=Console())
    raise typer.Exit(EXIT_STATUS[run["status"]])
