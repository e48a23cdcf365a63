"""`contacts-sync reference`: writes the generated documents, or checks that they are up to date."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.failure import told
from services.cli.reference.documents import broken, drift, generate, write
from shared.errors import UserError

app = typer.Typer()

EXIT_DIFFERS = 1


@app.command()
def reference(
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail where a document differs.")] = False,
    breaking: Annotated[
        bool,
        typer.Option("--breaking", help="Take over changes of events that break with what was said before."),
    ] = False,
    folder: Annotated[Path, typer.Option(help="The repository's folder.")] = Path(),
) -> None:
    """Write docs/reference from the code, or check that it is up to date."""
    with told():
        _check_folder(folder)
    documents = generate()
    breaks = broken(folder, documents)
    found = breaks + drift(folder, documents) if check else [] if breaking else breaks
    for line in found:
        typer.echo(line, err=True)
    if found and check:
        typer.echo("Write them anew with `make docs`.", err=True)
    elif found:
        typer.echo(
            "Nothing was written. Make a new version of the event beside the old; or, before the event is "
            "out in the world, take the change over with --breaking.",
            err=True,
        )
    if found:
        raise typer.Exit(EXIT_DIFFERS)
    if not check:
        for path in write(folder, documents):
            typer.echo(path)


def _check_folder(folder: Path) -> None:
    if not (folder / "pyproject.toml").is_file():
        message = f"{folder.resolve()} is not the repository: it has no pyproject.toml. Go there, or use --folder."
        raise UserError("folder_invalid", message, field="folder")
