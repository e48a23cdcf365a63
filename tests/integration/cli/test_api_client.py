"""The API's client against a real HTTP server that answers as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from services.cli.api_client import ApiClient
from services.cli.embedded.ports import LOOPBACK, free_port
from shared.errors import ContactsSyncError, TransientError, UserError

Answer = tuple[int, str, bytes]
JSON = "application/json"
STREAM = "text/event-stream"


@contextmanager
def client_of(answers: list[Answer], heard: list[str], token: str = "t") -> Iterator[ApiClient]:
    """Give a client of a server that gives one answer after the other, each on a connection of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(f"{self.command} {self.path} {self.headers['authorization']}")
            self.rfile.read(int(self.headers.get("content-length", 0)))
            status, kind, body = answers.pop(0)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that http.server asks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        with ApiClient(f"http://{LOOPBACK}:{server.server_port}/api/v1/", token) as client:
            yield client
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def event(status: str, finished_at: str | None = None) -> bytes:
    return f"event: run\ndata: {json.dumps({'status': status, 'finished_at': finished_at})}\n\n".encode()


def error_of(answer: Answer) -> ContactsSyncError:
    with client_of([answer], []) as client, pytest.raises(ContactsSyncError) as raised:
        client.post("/managers", {})
    return raised.value


def problem(status: int, **others: object) -> Answer:
    return (
        status,
        "application/problem+json",
        json.dumps({"code": "wrong", "detail": "It is wrong.", **others}).encode(),
    )


def test_a_list_is_read_page_by_page() -> None:
    heard: list[str] = []
    pages = [{"items": [{"n": 1}], "next": "a b"}, {"items": [{"n": 2}], "next": None}]
    with client_of([(200, JSON, json.dumps(page).encode()) for page in pages], heard) as client:
        assert [item["n"] for item in client.list_all("/imports", manager_id="m")] == [1, 2]
    assert heard == [
        "GET /api/v1/imports?limit=1000&manager_id=m Bearer t",
        "GET /api/v1/imports?limit=1000&manager_id=m&cursor=a+b Bearer t",
    ]


def test_a_run_is_watched_to_its_end_though_the_stream_breaks() -> None:
    streams = [
        event("queued") + b": still here\n\n" + event("fetching"),
        b"",
        event("staging") + event("succeeded", "2026-01-01"),
    ]
    heard: list[str] = []
    with client_of([(200, STREAM, stream) for stream in streams], heard) as client:
        assert [run["status"] for run in client.watch_run("r")] == ["queued", "fetching", "staging", "succeeded"]
    assert len(heard) == 3


def test_a_run_that_is_not_there_is_not_watched() -> None:
    with client_of([problem(404, code="run_not_found")], []) as client, pytest.raises(UserError) as raised:
        list(client.watch_run("r"))
    assert raised.value.code == "run_not_found"


def test_problems_are_told_by_input_and_all_at_once() -> None:
    one = error_of(problem(422, field="name"))
    assert (type(one), one.code, one.message) == (UserError, "wrong", "name: It is wrong.")
    several = [{"field": "a", "detail": "No a."}, {"field": None, "detail": "No b."}]
    assert error_of(problem(422, errors=several)).message == "a: No a. No b."


@pytest.mark.parametrize(("status", "kind"), [(401, UserError), (409, TransientError), (503, TransientError)])
def test_the_kind_of_error_says_whether_to_try_again(status: int, kind: type[ContactsSyncError]) -> None:
    assert type(error_of(problem(status))) is kind


@pytest.mark.parametrize("answer", [(200, "text/html", b"<p>Hello"), (404, "text/html", b""), (500, JSON, b"[1]")])
def test_what_is_not_the_api_is_told(answer: Answer) -> None:
    assert error_of(answer).code == "not_the_api"


def test_an_address_that_does_not_answer_is_told_without_a_password_in_it() -> None:
    with ApiClient(f"http://me:canary@{LOOPBACK}:{free_port()}", "t") as client, pytest.raises(TransientError) as gone:
        client.get("/managers")
    assert gone.value.code == "api_unreachable"
    assert "canary" not in gone.value.message
    with ApiClient("canary", "t") as client, pytest.raises(UserError) as wrong:
        client.get("/managers")
    assert wrong.value.code == "api_address_invalid"
