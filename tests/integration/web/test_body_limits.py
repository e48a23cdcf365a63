"""Only what may carry a file may be as large as one."""

import pytest

from services.web.app import TAKES_FILE
from tests.integration.web.conftest import Web
from tests.integration.web.routes import our_routes
from tests.integration.web.test_pages import sign_in

TAKE_FILES = {
    "/imports/new",
    "/imports/steps",
    "/imports/preview",
    "/imports/dry-run",
    "/imports/test-connection",
    "/imports/{import_id}/edit",
    "/api/v1/uploads",
}


async def test_no_other_route_is_let_through_as_an_upload(web: Web) -> None:
    sent = [route for route in our_routes(web.app) if route.method in {"POST", "PUT", "PATCH"}]
    assert {route.path for route in sent if TAKES_FILE.fullmatch(route.address().partition("?")[0])} == TAKE_FILES


@pytest.mark.parametrize("path", ["/imports/schedule-preview", "/managers", "/login"])
async def test_forms_without_files_are_small(web: Web, path: str) -> None:
    await sign_in(web)
    answer = await web.browser.post(path, data={"a": "x" * 300_000})  # these tests' limit is 200,000
    assert answer.status_code == 413
