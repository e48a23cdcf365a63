from uuid import UUID

from shared.kafka.broker import RoundRobinByChunk, build_broker
from shared.settings import KafkaSettings

PARTITIONS = list(range(6))


def test_a_runs_chunks_are_dealt_in_turn() -> None:
    deal = RoundRobinByChunk()
    run = str(UUID(int=7))
    dealt = [deal(f"{run}:{chunk}".encode(), PARTITIONS, PARTITIONS) for chunk in range(12)]
    assert sorted(dealt[:6]) == PARTITIONS
    assert dealt[:6] == dealt[6:]


def test_what_shares_a_key_shares_a_partition() -> None:
    deal = RoundRobinByChunk()
    assert len({deal(str(UUID(int=7)).encode(), PARTITIONS, PARTITIONS) for _ in range(20)}) == 1


def test_the_brokers_settings_lose_nothing() -> None:
    config = build_broker(KafkaSettings(), "test").config.broker_config
    assert config.allow_auto_create_topics is False
    assert config.ack_policy.value == "nack_on_error"
