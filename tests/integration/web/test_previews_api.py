"""Previews as far as they come without fetcher, parser and broker: what is refused before anything is asked."""

from typing import Any

import pytest

from tests.integration.web.conftest import CANARY, Web, import_body, problem

SOURCE: dict[str, Any] = {"kind": "remote", "url": "http://files.example/people.csv"}

REFUSED = [
    ({"source": SOURCE | {"url": "http:\\\\files.example\\people.csv"}}, "link_backslash", "source.url"),
    ({"source": SOURCE | {"url": "sftp://files.example/people.csv"}}, "login_missing", "source.login"),
    ({"source": SOURCE, "options": {"delimiter": ""}}, "delimiter_invalid", "options.delimiter"),
    ({"source": SOURCE, "options": {"quote": "''"}}, "quote_invalid", "options.quote"),
    ({"source": SOURCE, "options": {"encoding": "klingon"}}, "encoding_unknown", "options.encoding"),
    ({"source": SOURCE, "options": {"skip_lines": -1}}, "skip_lines_invalid", "options.skip_lines"),
    ({"source": SOURCE, "options": {"date_format": "soon"}}, "date_format_invalid", "options.date_format"),
    ({"source": SOURCE, "options": {"typo": 1}}, "invalid", "options.typo"),
    ({"source": SOURCE, "time_zone": "Mars/Base"}, "time_zone_unknown", None),
    ({"options": {}}, "invalid", "source"),
]


@pytest.mark.parametrize(("body", "code", "field"), REFUSED)
async def test_what_makes_no_sense_is_refused(web: Web, body: dict[str, Any], code: str, field: str | None) -> None:
    status, told, at = problem(await web.api.post("/previews", json=body))
    assert (status, told) == (422, code)
    assert field is None or at == field


async def test_who_and_what_have_to_be_there(web: Web) -> None:
    missing = "019cae3e-3a5d-7c1e-9f30-6d7a0c5b1e32"
    answer = await web.api.post("/previews", json={"source": SOURCE}, headers={"authorization": "Bearer no"})
    assert problem(answer)[:2] == (401, "unauthenticated")
    answer = await web.api.post("/previews", json={"source": SOURCE, "manager_id": missing})
    assert problem(answer) == (422, "manager_not_found", "manager_id")
    answer = await web.api.post("/previews", json={"source": SOURCE, "import_id": missing})
    assert problem(answer)[:2] == (404, "import_not_found")
    answer = await web.api.post("/previews", json={"source": {"kind": "upload", "upload_id": missing}})
    assert problem(answer) == (422, "upload_not_found", "source.upload_id")


async def test_without_a_broker_it_is_as_if_nobody_answered(web: Web) -> None:
    answer = await web.api.post("/previews", json={"source": SOURCE, "options": {"delimiter": None}})
    assert problem(answer) == (504, "preview_timeout", None)
    assert answer.headers["retry-after"]


async def test_secrets_of_an_import_count_for_its_own_server_only(web: Web) -> None:
    manager = await web.manager()
    entry = await web.new_import(manager["id"])
    body = import_body(manager["id"])["source"]
    del body["password"]
    asked = {"source": body, "import_id": entry["id"]}
    answer = await web.api.post("/previews", json=asked)
    assert problem(answer)[:2] == (504, "preview_timeout")
    assert CANARY not in answer.text
    elsewhere = asked | {"source": body | {"url": "sftp://elsewhere.example/people.csv"}}
    assert problem(await web.api.post("/previews", json=elsewhere))[:2] == (422, "password_missing")
