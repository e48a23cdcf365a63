import inspect
from types import SimpleNamespace

from aiokafka.consumer.fetcher import Fetcher

from shared.kafka.pace import EMBEDDED_FETCH_WAIT_MS, FETCH_WAIT_MS, EmbeddedPace
from tests.support.waiting import until


class Consumer:
    def __init__(self) -> None:
        self._fetcher = SimpleNamespace(_fetch_max_wait_ms=FETCH_WAIT_MS)

    @property
    def wait(self) -> int:
        wait: int = vars(self._fetcher)["_fetch_max_wait_ms"]
        return wait


async def test_waits_are_short_while_records_come_and_long_again_afterwards() -> None:
    pace, heard, other = EmbeddedPace(lively_seconds=0.05), Consumer(), Consumer()
    pace.heard(heard)
    pace.heard(heard)
    assert heard.wait == EMBEDDED_FETCH_WAIT_MS
    assert other.wait == FETCH_WAIT_MS
    await until(lambda: heard.wait == FETCH_WAIT_MS, within=10, what="the consumer waits long again")
    pace.heard(heard)
    assert heard.wait == EMBEDDED_FETCH_WAIT_MS


def test_the_client_library_asks_with_what_is_set_here() -> None:
    source = inspect.getsource(Fetcher)
    assert "self._fetch_max_wait_ms = fetch_max_wait_ms" in source
    assert source.count("self._fetch_max_wait_ms") == 2
