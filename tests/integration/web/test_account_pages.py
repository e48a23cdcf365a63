"""Accounts on the pages: one's own, and those of others for admins."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from services.web.security.sessions import COOKIE
from shared.errors import UserError
from shared.rules.roles import Role
from shared.store.accounts import change_role, deactivate
from shared.store.audit_log import Actor
from tests.integration.web.conftest import LOGIN, NOW, PASSWORD, ROOT, Web
from tests.integration.web.test_pages import csrf, found, sign_in
from tests.support.accounts import make_account

HERS = "a password of her own"
NEW = "quite another password"
SECRET = r'class="code secret">([^<]+)'


async def come_in(web: Web, login: str, password: str) -> httpx.Response:
    web.browser.cookies.clear()
    return await web.browser.post("/login", data={"login": login, "password": password})


async def token_of(web: Web, path: str = "/account/password") -> str:
    return found(r'name="csrf" value="([^"]+)"', (await web.browser.get(path)).text)[0]


async def choose(web: Web, old: str, new: str, again: str | None = None) -> httpx.Response:
    data = {"csrf": await token_of(web), "old": old, "new": new, "again": new if again is None else again}
    return await web.browser.post("/account/password", data=data)


async def id_of(web: Web, login: str) -> UUID:
    found: UUID = await web.db.fetchval("SELECT id FROM accounts WHERE login = $1", login)
    return found


async def test_a_new_account_chooses_its_password_at_the_first_sign_in(web: Web) -> None:
    await sign_in(web)
    data = {"csrf": await csrf(web), "login": " eve ", "role": "approver"}
    shown = await web.browser.post("/accounts", data=data)
    (one_time,) = found(SECRET, shown.text)
    assert one_time not in (await web.browser.get(f"/accounts/{await id_of(web, 'eve')}")).text
    first = await come_in(web, "eve", one_time)
    assert first.status_code == 303
    away = await web.browser.get("/")
    assert (away.status_code, away.headers["location"]) == (303, "/account/password")
    assert "Choose your password" in (await web.browser.get("/account/password")).text
    chosen = await choose(web, one_time, HERS)
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/")
    assert (await web.browser.get("/")).status_code == 200
    assert (await come_in(web, "eve", one_time)).status_code == 422
    assert (await come_in(web, "eve", HERS)).status_code == 303
    assert "Approver" in (await web.browser.get("/account")).text


async def test_mistakes_with_a_new_account_are_told_beside_their_input(web: Web) -> None:
    await sign_in(web)
    token = await csrf(web)
    for data, message, at in (
        ({"login": " ", "role": "viewer"}, "Give a login that is not blank.", "login"),
        ({"login": LOGIN, "role": "viewer"}, f'There is an account "{LOGIN}" already.', "login"),
        ({"login": "e\nve", "role": "viewer"}, "all of them printable.", "login"),
        ({"login": "eve", "role": "king"}, "Choose one of the roles of the list.", "role"),
    ):
        answer = await web.browser.post("/accounts", data=data | {"csrf": token})
        assert answer.status_code == 422
        (told,) = found(rf'<p class="error" role="alert" id="error-{at}">([^<]*)', answer.text)
        assert message in told
        assert f'aria-describedby="error-{at}"' in answer.text
    assert await web.db.fetchval("SELECT count(*) FROM accounts") == 1


async def test_another_password_needs_the_old_one_and_ends_other_sessions(web: Web) -> None:
    await make_account(web.dsn, "eve", HERS, Role.VIEWER)
    await come_in(web, "eve", HERS)
    elsewhere = web.browser.cookies[COOKIE]
    await come_in(web, "eve", HERS)
    here = web.browser.cookies[COOKIE]
    for old, new, again, at in (
        ("wrong", NEW, None, "old"),
        (HERS, "short", None, "password"),
        (HERS, "x" * 1001, None, "password"),
        (HERS, HERS, None, "password"),
        (HERS, NEW, "mistyped", "again"),
    ):
        answer = await choose(web, old, new, again)
        assert answer.status_code == 422
        assert f'id="error-{at}"' in answer.text
        assert f'aria-describedby="error-{at}"' in answer.text
        assert new not in answer.text
    answer = await choose(web, HERS, NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert (await web.browser.get("/")).status_code == 200
    web.browser.cookies.clear()
    web.browser.cookies.set(COOKIE, elsewhere)
    assert (await web.browser.get("/")).status_code == 303
    web.browser.cookies.clear()
    web.browser.cookies.set(COOKIE, here)
    assert (await web.browser.get("/")).status_code == 200


async def test_a_reset_password_ends_sessions_and_is_good_for_once(web: Web) -> None:
    eve = await make_account(web.dsn, "eve", HERS, Role.EDITOR)
    await come_in(web, "eve", HERS)
    hers = web.browser.cookies[COOKIE]
    await come_in(web, LOGIN, PASSWORD)
    answer = await web.browser.post(f"/accounts/{eve.id}/reset-password", data={"csrf": await token_of(web)})
    (one_time,) = found(SECRET, answer.text)
    web.browser.cookies.clear()
    web.browser.cookies.set(COOKIE, hers)
    assert (await web.browser.get("/")).headers["location"] == "/login?next=/"
    assert (await come_in(web, "eve", HERS)).status_code == 422
    assert (await come_in(web, "eve", one_time)).status_code == 303
    assert (await web.browser.get("/")).headers["location"] == "/account/password"


async def test_a_deactivated_account_is_out_at_once_and_comes_back(web: Web) -> None:
    eve = await make_account(web.dsn, "eve", HERS, Role.EDITOR)
    await come_in(web, "eve", HERS)
    hers = web.browser.cookies[COOKIE]
    await come_in(web, LOGIN, PASSWORD)
    data = {"csrf": await token_of(web)}
    assert (await web.browser.post(f"/accounts/{eve.id}/deactivate", data=data)).status_code == 303
    assert "Deactivated" in (await web.browser.get("/accounts")).text
    web.browser.cookies.clear()
    web.browser.cookies.set(COOKIE, hers)
    assert (await web.browser.get("/")).status_code == 303
    assert (await come_in(web, "eve", HERS)).status_code == 422
    await come_in(web, LOGIN, PASSWORD)
    data = {"csrf": await token_of(web)}
    assert (await web.browser.post(f"/accounts/{eve.id}/activate", data=data)).status_code == 303
    assert (await come_in(web, "eve", HERS)).status_code == 303


async def test_a_role_counts_from_the_next_page_on(web: Web) -> None:
    eve = await make_account(web.dsn, "eve", HERS, Role.VIEWER)
    await come_in(web, "eve", HERS)
    hers = web.browser.cookies[COOKIE]
    assert (await web.browser.get("/audit")).status_code == 403
    await come_in(web, LOGIN, PASSWORD)
    data = {"csrf": await token_of(web), "role": "admin"}
    assert (await web.browser.post(f"/accounts/{eve.id}/role", data=data)).status_code == 303
    web.browser.cookies.clear()
    web.browser.cookies.set(COOKIE, hers)
    assert (await web.browser.get("/audit")).status_code == 200


async def test_the_last_active_admin_stays(web: Web) -> None:
    await sign_in(web)
    ann = await id_of(web, LOGIN)
    data = {"csrf": await csrf(web), "role": "approver"}
    for what in ("role", "deactivate"):
        answer = await web.browser.post(f"/accounts/{ann}/{what}", data=data)
        assert answer.status_code == 409
        assert "This is the last admin" in answer.text
    bob = await make_account(web.dsn, "bob", HERS, Role.ADMIN)
    await web.db.execute("UPDATE accounts SET deactivated_at = now() WHERE id = $1", bob.id)
    assert (await web.browser.post(f"/accounts/{ann}/role", data=data)).status_code == 409
    await web.db.execute("UPDATE accounts SET deactivated_at = NULL WHERE id = $1", bob.id)
    assert (await web.browser.post(f"/accounts/{bob.id}/deactivate", data=data)).status_code == 303
    assert await web.db.fetchval("SELECT role FROM accounts WHERE id = $1", ann) == "admin"


@pytest.mark.parametrize("round_", range(5))
async def test_two_admins_cannot_take_each_others_role_at_once(web: Web, round_: int) -> None:
    ann, bob = await id_of(web, LOGIN), (await make_account(web.dsn, "bob", HERS, Role.ADMIN)).id

    async def demote(account_id: UUID, *, by_role: bool) -> str:
        try:
            async with web.app.state.resources.transaction() as connection:
                if by_role:
                    await change_role(connection, account_id, Role.VIEWER, by=Actor(), now=NOW)
                else:
                    await deactivate(connection, account_id, by=Actor(), now=NOW)
        except UserError as error:
            return error.code
        return "done"

    try:
        ended = await asyncio.gather(demote(ann, by_role=True), demote(bob, by_role=round_ % 2 == 0))
        assert sorted(ended) == ["done", "last_admin"]
    finally:
        await web.db.execute("UPDATE accounts SET role = 'admin' WHERE id = $1", ann)


async def test_tokens_are_made_shown_once_and_revoked(web: Web) -> None:
    await make_account(web.dsn, "eve", HERS, Role.EDITOR)
    await come_in(web, "eve", HERS)
    token = await csrf(web)
    for data, at in (
        ({"name": " ", "scope": "viewer"}, "name"),
        ({"name": "portal", "scope": "admin"}, "scope"),
        ({"name": "portal", "scope": "king"}, "scope"),
        ({"name": "portal", "scope": "viewer", "expires": "2026-11-18"}, "expires"),
        ({"name": "portal", "scope": "viewer", "expires": "tomorrow"}, "expires"),
    ):
        answer = await web.browser.post("/account/tokens", data=data | {"csrf": token})
        assert answer.status_code == 422
        assert f'id="error-{at}"' in answer.text
        assert f'aria-describedby="error-{at}"' in answer.text
    data = {"csrf": token, "name": "portal", "scope": "viewer", "expires": "2026-11-20"}
    shown = await web.browser.post("/account/tokens", data=data)
    (made,) = found(SECRET, shown.text)
    page = (await web.browser.get("/account")).text
    assert made not in page
    assert "portal" in page
    headers = {"authorization": f"Bearer {made}"}
    assert (await web.api.get("/managers", headers=headers)).status_code == 200
    assert (await web.api.post("/managers", headers=headers, json={"name": "M"})).status_code == 403
    web.clock.time = NOW + timedelta(hours=12)
    assert (await web.api.get("/managers", headers=headers)).status_code == 401
    web.clock.time = NOW
    (revoke,) = found(r'action="(/account/tokens/[^"]+/revoke)"', page)
    assert (await web.browser.post(revoke, data={"csrf": token})).status_code == 303
    assert (await web.api.get("/managers", headers=headers)).status_code == 401
    assert (await web.browser.post(revoke, data={"csrf": token})).status_code == 404


async def test_only_admins_revoke_the_tokens_of_others(web: Web) -> None:
    await sign_in(web)
    data = {"csrf": await csrf(web), "name": "hers", "scope": "admin"}
    (made,) = found(SECRET, (await web.browser.post("/account/tokens", data=data)).text)
    token_id = await web.db.fetchval("SELECT id FROM api_tokens WHERE name = 'hers'")
    bob = await make_account(web.dsn, "bob", HERS, Role.APPROVER)
    await come_in(web, "bob", HERS)
    data = {"csrf": await csrf(web)}
    assert (await web.browser.post(f"/account/tokens/{token_id}/revoke", data=data)).status_code == 404
    of_hers = f"/accounts/{await id_of(web, LOGIN)}/tokens/{token_id}/revoke"
    assert (await web.browser.post(of_hers, data=data)).status_code == 403
    await web.db.execute("UPDATE accounts SET role = 'admin' WHERE id = $1", bob.id)
    assert (await web.browser.post(of_hers, data=data)).status_code == 303
    headers = {"authorization": f"Bearer {made}"}
    assert (await web.api.get("/managers", headers=headers)).status_code == 401


async def test_too_many_wrong_passwords_have_to_wait(web: Web) -> None:
    for _ in range(10):
        assert (await come_in(web, LOGIN, "wrong")).status_code == 422
    refused = await come_in(web, LOGIN, PASSWORD)
    assert refused.status_code == 429
    assert "There were too many wrong passwords. Wait for a minute, then try again." in refused.text
    await make_account(web.dsn, "eve", HERS, Role.VIEWER)
    assert (await come_in(web, "eve", HERS)).status_code == 303


async def test_a_right_password_forgets_the_wrong_ones(web: Web) -> None:
    for _ in range(3):
        for _ in range(9):
            assert (await come_in(web, LOGIN, "wrong")).status_code == 422
        assert (await come_in(web, LOGIN, PASSWORD)).status_code == 303


async def test_one_address_cannot_try_many_logins(web: Web) -> None:
    for number in range(60):
        assert (await come_in(web, f"nobody {number}", "wrong")).status_code == 422
    assert (await come_in(web, LOGIN, PASSWORD)).status_code == 429
    transport = httpx.ASGITransport(web.app, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url=ROOT) as other:
        answer = await other.post("/login", data={"login": LOGIN, "password": PASSWORD})
        assert answer.status_code == 303


async def test_an_open_session_is_no_place_to_guess_the_password(web: Web) -> None:
    await make_account(web.dsn, "eve", HERS, Role.VIEWER)
    await come_in(web, "eve", HERS)
    for _ in range(10):
        assert (await choose(web, "wrong", NEW)).status_code == 422
    assert (await choose(web, HERS, NEW)).status_code == 429
