"""`contacts-sync dead-letters`: lists, shows and replays records that were set aside."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from services.cli.accounts import connected
from services.cli.failure import told
from services.cli.settings import load
from shared.clock import SystemClock
from shared.kafka.dead_letters import (
    DeadLetter,
    find_dead_letter,
    find_topic,
    import_of,
    read_dead_letters,
    say_again,
    starts_a_run,
)
from shared.store.runs import request_run
from shared.topics import ALL

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Records that could not be handled, each in the dead-letter topic of its topic. They stay there until "
    "Kafka's retention takes them; replaying one does not take it out.",
)

TopicName = Annotated[str, typer.Argument(help="The topic, as `list` shows it.")]
Partition = Annotated[int, typer.Argument(min=0, help="The partition, as `list` shows it.")]
Offset = Annotated[int, typer.Argument(min=0, help="The offset, as `list` shows it.")]


@app.command("list")
def list_all(
    topic: Annotated[str | None, typer.Option(help="Only those of this topic.")] = None,
) -> None:
    """List dead letters: topic, partition, offset, code, service, time; separated by tabs."""
    with told():
        chosen = [find_topic(topic)] if topic else ALL
        letters = asyncio.run(read_dead_letters(load().kafka, chosen))
    for letter in letters:
        about = [letter.about(name) for name in ("code", "service", "at")]
        typer.echo("\t".join([letter.topic.name, str(letter.partition), str(letter.offset), *about]))
    if not letters:
        typer.echo("There are no dead letters.", err=True)


@app.command()
def show(topic: TopicName, partition: Partition, offset: Offset) -> None:
    """Show a dead letter's headers and body; sealed values are cut, other data of the file is not."""
    with told():
        letter = asyncio.run(find_dead_letter(load().kafka, find_topic(topic), partition, offset))
    typer.echo(f"key: {letter.key}")
    for name, value in sorted(letter.headers.items()):
        typer.echo(f"{name}: {value}")
    typer.echo()
    typer.echo(letter.shown_body())


@app.command()
def replay(topic: TopicName, partition: Partition, offset: Offset) -> None:
    """Handle a dead letter once more.

    A run was ended when its record was set aside, so that a record of a run starts a new run of its import. Others
    (a finished run's mail, a changed contact) are said again on their topic.
    """
    with told():
        settings = load()
        letter = asyncio.run(find_dead_letter(settings.kafka, find_topic(topic), partition, offset))
        if starts_a_run(letter):
            dsn = settings.postgres.dsn.get_secret_value()
            done = f"Queued run {asyncio.run(_run_again(dsn, letter))}."
        else:
            asyncio.run(say_again(settings.kafka, letter))
            done = f"Said again on {letter.topic.name}."
    typer.echo(done)


async def _run_again(dsn: str, letter: DeadLetter) -> UUID:
    import_id = import_of(letter)
    async with connected(dsn) as connection, connection.transaction():
        return await request_run(connection, import_id, trigger="now", now=SystemClock().now())
