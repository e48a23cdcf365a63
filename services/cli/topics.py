"""`contacts-sync topics`: creates missing topics, or compares those of the broker with what is needed."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from services.cli.failure import EXIT_FAILED, told
from services.cli.settings import load
from shared.kafka.topic_admin import create_topics, needed_topics
from shared.settings import KafkaSettings

app = typer.Typer(add_completion=False)


@dataclass(frozen=True)
class Found:
    """A topic as the broker has it; `copies` is the least number of copies among its partitions.

    `policy` is Kafka's `cleanup.policy`, `kept_ms` its `retention.ms`, -1 for ever, and `max_bytes` its
    `max.message.bytes`.
    """

    partitions: int
    copies: int
    policy: str
    kept_ms: int
    max_bytes: int


def differences(found: dict[str, Found], settings: KafkaSettings) -> list[str]:
    """Return a sentence for each topic that is missing or has less than is needed; more than needed is fine."""
    lines = []
    for name, (partitions, config) in needed_topics(settings.partitions).items():
        topic = found.get(name)
        if topic is None:
            lines.append(f"{name} is missing: run `contacts-sync topics`.")
            continue
        if topic.partitions < partitions:
            lines.append(
                f"{name} has {topic.partitions} of {partitions} partitions: add some with Kafka's own tools, "
                "while no run is active, because records of a run move to other partitions."
            )
        if topic.copies < settings.replication_factor:
            lines.append(
                f"{name} has {topic.copies} of {settings.replication_factor} copies: reassign its partitions with "
                "Kafka's own tools."
            )
        lines += _lost(name, topic, config)
    return lines


def _lost(name: str, topic: Found, wanted: dict[str, str]) -> list[str]:
    """Return a sentence where the broker takes away or refuses records that are needed."""
    is_kept = topic.kept_ms < 0 or topic.kept_ms >= int(wanted["retention.ms"])
    is_taken = topic.max_bytes >= int(wanted["max.message.bytes"])
    if topic.policy == wanted["cleanup.policy"] and is_kept and is_taken:
        return []
    found = {"cleanup.policy": topic.policy, "retention.ms": topic.kept_ms, "max.message.bytes": topic.max_bytes}
    told = ", ".join(f"{key}={value}" for key, value in found.items())
    config = ",".join(f"{key}={value}" for key, value in wanted.items())
    return [
        f"{name} loses records ({told}): run `kafka-configs.sh --alter --topic {name} --add-config {config}`.",
    ]


async def find_topics(bootstrap_servers: str) -> dict[str, Found]:
    """Return the broker's topics by name."""
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    resource: Any = ConfigResource
    try:
        await admin.start()
        described = await admin.describe_topics()
        names = [topic["topic"] for topic in described]
        answers = await admin.describe_configs([resource(ConfigResourceType.TOPIC, name) for name in names])
    finally:
        await admin.close()
    settings = {
        name: {key: value for key, value, *_ in entries}
        for answer in answers
        for _, _, _, name, entries in answer.resources
    }
    return {
        topic["topic"]: Found(
            partitions=len(topic["partitions"]),
            copies=min((len(partition["replicas"]) for partition in topic["partitions"]), default=0),
            policy=settings[topic["topic"]]["cleanup.policy"],
            kept_ms=int(settings[topic["topic"]]["retention.ms"]),
            max_bytes=int(settings[topic["topic"]]["max.message.bytes"]),
        )
        for topic in described
    }


@app.command()
def topics(
    *,
    compare: Annotated[
        bool, typer.Option("--compare", help="Create nothing; list differences, exit status 1 if there are any.")
    ] = False,
) -> None:
    """Create every missing topic and dead-letter topic."""
    with told():
        settings = load().kafka
        if compare:
            lines = differences(asyncio.run(find_topics(settings.bootstrap_servers)), settings)
        else:
            made = asyncio.run(
                create_topics(
                    settings.bootstrap_servers,
                    partitions=settings.partitions,
                    replication_factor=settings.replication_factor,
                )
            )
            lines = [f"created {name}" for name in made]
    for line in lines:
        typer.echo(line)
    if compare and lines:
        raise typer.Exit(EXIT_FAILED)
    if not lines:
        typer.echo("All topics are there, as they are needed." if compare else "All topics are there.")
