"""Apache Kafka itself: one node in KRaft mode, broker and controller, without Docker."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from tests.support.kafka_jars import fetched_jars, java_and_maven_missing
from tests.support.ports import LOOPBACK, accepts_connections, free_ports
from tests.support.process_server import ProcessServer
from tests.support.server_process import ServerProcess
from tests.support.system_packages import JAVA

__all__ = ["KafkaServer", "java_and_maven_missing"]

_CLIENT: Any = AIOKafkaClient  # aiokafka has no types
_NODE_ID = 1
_CLUSTER_ID = "Y29udGFjdHMtc3luYy10ZQ"  # any 16 bytes in base64
_START_SECONDS = 90


class KafkaServer(ProcessServer):
    """A broker on free loopback ports, with its data, settings and log in `folder`.

    Every start uses the same data. Topics are never made by themselves.
    """

    start_seconds = _START_SECONDS
    stop_seconds = 30

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self._port, self._controller_port = free_ports(2)

    @property
    def bootstrap_servers(self) -> str:
        """`host:port`, the same for every start."""
        return f"{LOOPBACK}:{self._port}"

    async def _prepared(self) -> ServerProcess:
        jars = await fetched_jars()
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "server.properties"
        settings.write_text(self._settings(), encoding="utf-8")
        java: list[str | Path] = [
            JAVA.required(),
            "-cp",
            f"{jars}/*",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            # A broker of tests lives for minutes: it never earns back what better compiled code would cost.
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
        ]
        await asyncio.to_thread(_format, java, settings)
        return ServerProcess(
            "Apache Kafka",
            [*java, "-Xmx512m", "kafka.Kafka", settings],
            log=self.folder / "kafka.log",
            folder=self.folder,
        )

    def _settings(self) -> str:
        settings = {
            "process.roles": "broker,controller",
            "node.id": _NODE_ID,
            "controller.quorum.voters": f"{_NODE_ID}@{LOOPBACK}:{self._controller_port}",
            "listeners": f"PLAINTEXT://{self.bootstrap_servers},CONTROLLER://{LOOPBACK}:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap_servers}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": self.folder / "data",
            # For so long after a crash the controller takes the dead broker for alive, and refuses the new.
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "offsets.topic.num.partitions": 4,
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    async def _answers(self) -> bool:
        """Tell whether the broker takes requests: its port opens seconds before it handles any."""
        if not accepts_connections(self._port):
            return False
        client = _CLIENT(bootstrap_servers=self.bootstrap_servers, request_timeout_ms=2_000)
        try:
            await client.bootstrap()
            return any(broker.nodeId == _NODE_ID for broker in client.cluster.brokers())
        except KafkaError:
            return False
        finally:
            await client.close()


def _format(java: list[str | Path], settings: Path) -> None:
    """Give the data folder its cluster id, which a broker demands; a formatted folder is left as it is."""
    formatting = subprocess.run(
        [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", _CLUSTER_ID, "-c", settings],
        capture_output=True,
        text=True,
        timeout=_START_SECONDS,
        check=False,
    )
    if formatting.returncode != 0:
        raise RuntimeError(f"Apache Kafka's data folder: {formatting.stdout}{formatting.stderr}")
