"""The first start: an account whose password is good for one sign-in, and what stays of it at the next start."""

import re
from pathlib import Path

import httpx

from tests.support.stack import Stack

CHOSEN = "a password that was chosen"


class FreshStack(Stack):
    lasting_password = False


async def test_the_first_password_has_to_be_changed_and_is_not_said_again(tmp_path: Path) -> None:
    async with FreshStack(tmp_path / "data") as stack:
        assert stack.ready["password_is_one_time"] is True
        async with httpx.AsyncClient(base_url=stack.url) as browser:
            given = str(stack.ready["password"])
            signed_in = await browser.post("/login", data={"login": str(stack.ready["login"]), "password": given})
            assert signed_in.headers["location"] == "/"
            assert (await browser.get("/")).headers["location"] == "/account/password"
            form = (await browser.get("/account/password")).text
            (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', form))
            data = {"csrf": csrf, "old": given, "new": CHOSEN, "again": CHOSEN}
            assert (await browser.post("/account/password", data=data)).headers["location"] == "/"
            assert (await browser.get("/")).status_code == 200
    async with FreshStack(tmp_path / "data") as stack:
        assert (stack.ready["password"], stack.ready["password_is_one_time"]) == (None, False)
        async with stack.client() as client:
            entries = (await client.get("/audit")).json()["items"]
        assert [each["what"] for each in entries] == ["password.changed", "account.added"]
        async with httpx.AsyncClient(base_url=stack.url) as browser:
            data = {"login": "admin", "password": CHOSEN}
            assert (await browser.post("/login", data=data)).headers["location"] == "/"
            assert (await browser.get("/")).status_code == 200
