"""The table of topics agrees with itself and with the AsyncAPI document made from it."""

import re

import pytest

from shared.event_reference.asyncapi import asyncapi_document
from shared.events.base import Event, RunEvent
from shared.topics import ALL, DEAD_LETTER_SUFFIX, Topic

SERVICES = {"scheduler", "fetcher", "parser", "syncer", "notifier", "web"}


def events(parent: type[Event]) -> set[type[Event]]:
    """Every event class; those that only others build on carry no type."""
    children = {child for each in parent.__subclasses__() for child in {each} | events(each)}
    return {child for child in children if "event_type" in vars(child)}


def test_every_event_has_its_topic() -> None:
    assert events(Event) == {topic.event for topic in ALL}


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_topic_is_named_like_its_event(topic: Topic) -> None:
    assert re.fullmatch(r"[a-z]+(\.[a-z]+)+", topic.name)
    assert re.fullmatch(rf"contacts-sync\.{re.escape(topic.name)}\.v[1-9]", topic.event.event_type)
    assert topic.dead_letters == topic.name + DEAD_LETTER_SUFFIX


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_services_of_the_table_exist(topic: Topic) -> None:
    assert topic.said_by
    assert {*topic.said_by, *topic.heard_by} <= SERVICES


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_run_is_the_key_only_of_a_runs_event(topic: Topic) -> None:
    assert topic.key.startswith("run") == issubclass(topic.event, RunEvent)


def test_asyncapi_refers_only_to_what_it_has() -> None:
    document = asyncapi_document()

    def references(node: object) -> set[str]:
        if isinstance(node, list):
            return {found for each in node for found in references(each)}
        if isinstance(node, dict):
            here = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
            return here | {found for each in node.values() for found in references(each)}
        return set()

    found = references(document)
    assert found
    for reference in found:
        node: object = document
        for step in reference.removeprefix("#/").split("/"):
            assert isinstance(node, dict)
            node = node[step]


def test_asyncapi_has_every_topic_and_who_says_and_hears_it() -> None:
    document = asyncapi_document()
    assert set(document["channels"]) == {topic.name for topic in ALL}
    operations = {
        (operation["tags"][0]["name"], operation["action"], operation["channel"]["$ref"].rpartition("/")[2])
        for operation in document["operations"].values()
    }
    said = {(service, "send", topic.name) for topic in ALL for service in topic.said_by}
    heard = {(service, "receive", topic.name) for topic in ALL for service in topic.heard_by}
    assert operations == said | heard
