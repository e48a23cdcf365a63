"""Every route for everybody: who may use it is what the table of roles says, and nothing is open by omission."""

from datetime import timedelta

import httpx
import pytest
from fastapi import APIRouter

from services.web.dependencies.api_route import api_router
from services.web.dependencies.page_route import page_router
from services.web.security.access import needs, open_to_all
from shared.errors import PermanentError
from shared.rules.roles import Role
from tests.integration.web.conftest import LOGIN, NOW, PASSWORD, TOKEN, Web, problem
from tests.integration.web.least_roles import least_roles
from tests.integration.web.routes import OurRoute, our_routes
from tests.support.accounts import know_token, make_account

LEAST = least_roles()
OPEN = {("GET", "/login"), ("POST", "/login")}
BEFORE_NEW_PASSWORD = {("POST", "/logout"), ("GET", "/account/password"), ("POST", "/account/password")}
HERS = "a password of her own"


async def signed_in(web: Web, role: Role, *, one_time: bool = False) -> httpx.AsyncClient:
    await make_account(web.dsn, f"a {role}", HERS, role, one_time=one_time)
    answer = await web.browser.post("/login", data={"login": f"a {role}", "password": HERS})
    assert answer.status_code == 303
    return web.browser


async def call(client: httpx.AsyncClient, route: OurRoute) -> httpx.Response:
    address = route.address()
    if route.method in {"POST", "PUT", "PATCH"} and not route.is_page:
        return await client.request(route.method, f"http://web.test{address}", json={"nothing": "known"})
    return await client.request(route.method, f"http://web.test{address}")


def least(route: OurRoute) -> Role | None:
    return LEAST[route.method, route.path]


def told_of_role(answer: httpx.Response) -> bool:
    return answer.status_code == 403 and "This needs the role" in answer.text


def sent_to(answer: httpx.Response) -> str | None:
    return answer.headers["location"].partition("?")[0] if answer.status_code == 303 else None


async def test_each_route_declares_the_role_that_the_table_says(web: Web) -> None:
    declared = {(route.method, route.path): route.access.role for route in our_routes(web.app)}
    assert {route: role for route, role in declared.items() if LEAST.get(route, "not in the table") != role} == {}
    assert LEAST.keys() - declared.keys() == set()


async def test_all_kinds_of_routes_are_found(web: Web) -> None:
    web_routes = our_routes(web.app)
    assert len([route for route in web_routes if route.is_page]) > 40
    assert len([route for route in web_routes if not route.is_page]) > 35
    assert {route.access.role for route in web_routes} == {None, *Role}
    assert {(route.method, route.path) for route in web_routes if route.access.role is None} == OPEN
    early = {(route.method, route.path) for route in web_routes if route.access.before_new_password}
    assert early == BEFORE_NEW_PASSWORD


@pytest.mark.parametrize("router", [page_router(), api_router("planted")])
def test_a_route_that_declares_nothing_cannot_be_built(router: APIRouter) -> None:
    async def planted() -> None: ...

    with pytest.raises(PermanentError) as raised:
        router.get("/planted")(planted)
    assert raised.value.code == "role_undeclared"
    router.get("/planted")(needs(Role.VIEWER)(planted))
    router.get("/open")(open_to_all(planted))


async def test_nobody_gets_further_than_the_sign_in(web: Web) -> None:
    wrong = {}
    for route in our_routes(web.app):
        answer = await call(web.browser, route)
        if not route.is_page:
            right = problem(answer)[:2] == (401, "unauthenticated")
        elif least(route) is None:
            right = answer.status_code in {200, 422}
        else:
            right = sent_to(answer) == "/login"
        if not right:
            wrong[route.method, route.path] = answer.status_code
    assert wrong == {}


@pytest.mark.parametrize("role", list(Role))
async def test_who_signed_in_uses_the_pages_of_their_role(web: Web, role: Role) -> None:
    browser = await signed_in(web, role)
    wrong = {}
    for route in our_routes(web.app):
        needed = least(route)
        if not route.is_page or needed is None:
            continue
        answer = await call(browser, route)
        refused = told_of_role(answer)
        if refused is role.includes(needed) or sent_to(answer) == "/login" or answer.status_code >= 500:
            wrong[route.method, route.path] = answer.status_code
    assert wrong == {}


@pytest.mark.parametrize("role", list(Role))
async def test_a_session_is_no_token(web: Web, role: Role) -> None:
    browser = await signed_in(web, role)
    for route in our_routes(web.app):
        if not route.is_page:
            assert problem(await call(browser, route))[:2] == (401, "unauthenticated")


@pytest.mark.parametrize("scope", list(Role))
@pytest.mark.parametrize("role", list(Role))
async def test_a_token_does_what_scope_and_account_both_may(web: Web, role: Role, scope: Role) -> None:
    account = await make_account(web.dsn, "bot", HERS, role)
    await know_token(web.dsn, account, "its-token", scope)
    web.api.headers["authorization"] = "Bearer its-token"
    wrong = {}
    for route in our_routes(web.app):
        if route.is_page:
            continue
        answer = await call(web.api, route)
        needed = least(route)
        assert needed is not None
        may = role.includes(needed) and scope.includes(needed)
        refused = answer.status_code == 403 and answer.json()["code"] == "role_missing"
        if refused is may or answer.status_code == 401 or answer.status_code >= 500:
            wrong[route.method, route.path] = answer.status_code
    assert wrong == {}


async def test_a_token_is_no_session(web: Web) -> None:
    for route in our_routes(web.app):
        if route.is_page and least(route) is not None:
            assert sent_to(await call(web.api, route)) == "/login"


async def test_a_one_time_password_lets_do_no_more_than_choose_another(web: Web) -> None:
    browser = await signed_in(web, Role.ADMIN, one_time=True)
    wrong = {}
    for route in our_routes(web.app):
        if route.is_page and least(route) is not None and not route.access.before_new_password:
            answer = await call(browser, route)
            if sent_to(answer) != "/account/password":
                wrong[route.method, route.path] = answer.status_code
    assert wrong == {}


async def test_every_page_that_changes_something_needs_the_token_of_its_form(web: Web) -> None:
    made = await web.manager()
    entry = await web.new_import(made["id"])
    run = (await web.api.post(f"/imports/{entry['id']}/runs")).json()
    ids = {"manager_id": made["id"], "import_id": entry["id"], "run_id": run["id"]}
    ids["account_id"] = str(await web.db.fetchval("SELECT id FROM accounts WHERE login = $1", LOGIN))
    ids["token_id"] = str(await web.db.fetchval("SELECT id FROM api_tokens"))
    answer = await web.browser.post("/login", data={"login": LOGIN, "password": PASSWORD})
    assert answer.status_code == 303
    before = await everything(web)
    wrong = {}
    changing = [route for route in our_routes(web.app) if route.is_page and route.method != "GET"]
    assert len(changing) > 20
    for route in changing:
        if least(route) is None:
            continue
        for csrf in (None, "guessed"):
            parts = [("name", (None, b"N"))] + ([("csrf", (None, csrf.encode()))] if csrf else [])
            answer = await web.browser.request(route.method, route.address(**ids), files=parts)
            if answer.status_code != 403 or "This form is out of date" not in answer.text:
                wrong[route.method, route.path, csrf] = answer.status_code
    assert wrong == {}
    assert await everything(web) == before


async def everything(web: Web) -> list[str]:
    tables = ("accounts", "sessions", "managers", "fields", "imports", "uploads", "runs", "audit_log")
    return [str(await web.db.fetch(f"SELECT t::text AS row FROM {table} t ORDER BY 1")) for table in tables]


async def test_the_pages_say_who_can_give_a_role(web: Web) -> None:
    browser = await signed_in(web, Role.VIEWER)
    answer = await browser.get("/accounts")
    assert answer.status_code == 403
    assert f"This needs the role “admin”, and yours is “viewer”. An admin can give it to you: {LOGIN}." in answer.text
    assert "Sign out" in answer.text


async def test_what_a_visitor_may_not_use_is_not_shown(web: Web) -> None:
    made = await web.manager(key_field="Employee no")
    await web.api.put(f"/managers/{made['id']}/contacts/7", json={"fields": {}})
    entry = await web.new_import(made["id"])
    run = (await web.api.post(f"/imports/{entry['id']}/runs", json={"dry_run": True})).json()
    paths = ["/", f"/managers/{made['id']}", f"/managers/{made['id']}/imports", f"/imports/{entry['id']}/runs"]
    paths += [f"/runs/{run['id']}", f"/managers/{made['id']}/contact-history?unique_id=7"]
    for role, wanted in (
        (Role.VIEWER, set()),
        (Role.EDITOR, {"run", "edit", "delete", "cancel", "fields", "managers", "new", "contacts"}),
        (Role.ADMIN, {"run", "edit", "delete", "cancel", "fields", "managers", "new", "contacts", "accounts", "audit"}),
    ):
        browser = await signed_in(web, role)
        text = "".join([(await browser.get(path)).text for path in paths])
        shown = {
            word
            for word, place in {
                "run": f'action="/imports/{entry["id"]}/run"',
                "edit": f"/imports/{entry['id']}/edit",
                "delete": f"/imports/{entry['id']}/delete",
                "cancel": f'action="/runs/{run["id"]}/cancel"',
                "fields": f'action="/managers/{made["id"]}/fields"',
                "managers": 'action="/managers"',
                "new": "/imports/new",
                "contacts": f"/managers/{made['id']}/contacts/edit?",
                "accounts": 'href="/accounts"',
                "audit": "/audit?about=",
            }.items()
            if place in text
        }
        assert shown == wanted


async def test_deciding_about_plans_is_shown_to_approvers(web: Web) -> None:
    made = await web.manager()
    entry = await web.new_import(made["id"])
    run = (await web.api.post(f"/imports/{entry['id']}/runs", json={"dry_run": True})).json()
    await web.db.execute(
        "UPDATE runs SET status = 'planned', finished_at = $2, counts = counts WHERE id = $1::uuid", run["id"], NOW
    )
    for role, shown in ((Role.EDITOR, False), (Role.APPROVER, True)):
        text = (await (await signed_in(web, role)).get(f"/runs/{run['id']}")).text
        assert (f'action="/runs/{run["id"]}/approve"' in text) is shown
        assert ("An approver or an admin decides about it." in text) is not shown


async def test_revoked_and_expired_tokens_let_nobody_in(web: Web) -> None:
    account = await make_account(web.dsn, "bot", HERS, Role.VIEWER)
    await know_token(web.dsn, account, "its-token", expires_at=NOW + timedelta(days=1))
    headers = {"authorization": "Bearer its-token"}

    async def status() -> int:
        return (await web.api.get("/managers", headers=headers)).status_code

    assert await status() == 200
    assert await web.db.fetchval("SELECT last_used_at FROM api_tokens WHERE account_id = $1", account.id) == NOW
    web.clock.time = NOW + timedelta(days=1)
    assert await status() == 401
    web.clock.time = NOW
    assert await status() == 200
    await web.db.execute("UPDATE accounts SET deactivated_at = now() WHERE id = $1", account.id)
    assert await status() == 401
    await web.db.execute("UPDATE accounts SET deactivated_at = NULL WHERE id = $1", account.id)
    await web.db.execute("UPDATE api_tokens SET revoked_at = now() WHERE account_id = $1", account.id)
    assert await status() == 401
    assert (await web.api.get("/managers", headers={"authorization": f"Bearer {TOKEN}"})).status_code == 200
