"""Run a stack until it is told to stop, and say how that went."""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from services.cli.embedded.data_folder import DataFolder, logging_to
from services.cli.embedded.hooks import StackHooks
from services.cli.embedded.ports import claimable_port
from services.cli.embedded.stack import Stack, StackOptions
from services.cli.embedded.supervisor import STOP_ORDER, Supervisor
from shared.errors import ContactsSyncError, UserError

logger = logging.getLogger(__name__)

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PORT_PATIENCE_SECONDS = 3.0
_PORT_STEP_SECONDS = 0.1

EXIT_STOPPED = 0
EXIT_FAILED = 1
EXIT_USAGE = 2

PrintReady = Callable[[dict[str, object]], None]


def _check_scale(scale: Mapping[str, int]) -> None:
    for service, replicas in scale.items():
        if service not in STOP_ORDER:
            raise UserError(
                "unknown_service", f"There is no service {service}: {', '.join(STOP_ORDER)}.", field="scale"
            )
        if replicas < 1:
            raise UserError("scale_too_small", f"{service} needs at least one process, not {replicas}.", field="scale")


async def _claimed_port(host: str, port: int) -> int:
    """Return a port to listen on; one that a killed predecessor still holds gets free in a moment."""
    deadline = time.monotonic() + _PORT_PATIENCE_SECONDS
    while True:
        try:
            return claimable_port(host, port)
        except UserError as error:
            if error.code != "port_taken" or time.monotonic() >= deadline:
                raise
        await asyncio.sleep(_PORT_STEP_SECONDS)


async def _until_told(folder: DataFolder, options: StackOptions, hooks: StackHooks, print_ready: PrintReady) -> None:
    """Start, say so, wait for a signal, stop; a second signal kills what is left."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with Supervisor() as supervisor:

        def on_signal() -> None:
            if told.is_set():
                supervisor.hurry()
            told.set()

        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, on_signal)
        stack = Stack(supervisor, folder, options, hooks)
        starting = asyncio.create_task(stack.start())
        waiting = asyncio.create_task(told.wait())
        try:
            await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                print_ready(starting.result())
                await waiting
                logger.info("stopping")
        finally:
            starting.cancel()
            waiting.cancel()
            await asyncio.wait({starting, waiting})
            await stack.stop_watching()
    for number in _STOP_SIGNALS:
        loop.remove_signal_handler(number)


async def run_stack(data: Path, options: StackOptions, hooks: StackHooks, print_ready: PrintReady) -> int:
    """Run the stack whose state lies in `data`; returns the exit status, having said on standard error why.

    0: stopped by a signal; 1: it could not be started; 2: what was asked for can't be (`port_taken`,
    `data_folder_in_use`, ...).
    """
    folder = DataFolder.at(data)
    try:
        _check_scale(options.scale)
        with folder.locked(), logging_to(folder.log("supervisor")):
            port = await _claimed_port(options.host, options.port)
            await _until_told(folder, replace(options, port=port), hooks, print_ready)
    except ContactsSyncError as error:
        sys.stderr.write(f"{error} ({error.code})\n")
        return EXIT_USAGE if isinstance(error, UserError) else EXIT_FAILED
    return EXIT_STOPPED
