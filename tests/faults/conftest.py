"""Fixtures of the fault tests."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the rounds on one broker follow one another, so that each broker is started once."""
    places = [place for place, item in enumerate(items) if item.path.name == "test_kills.py"]
    rounds = sorted((items[place] for place in places), key=lambda item: item.name)
    for place, item in zip(places, rounds, strict=True):
        items[place] = item
