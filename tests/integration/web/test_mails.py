"""Who is mailed about what, what became of a run's mail, and test mails: on the pages."""

from typing import Any

from shared.rules.roles import Role
from tests.integration.web.conftest import NOW, Web
from tests.integration.web.test_access import signed_in
from tests.integration.web.test_audit_log import newest
from tests.integration.web.test_pages import FORM, csrf, errors, send, sign_in

RULES = {
    "mail_1_to": "boss@corp.example, it@corp.example",
    "mail_1_recovered": "on",
    "mail_1_failed": "on",
    "mail_1_daily": "on",
}


async def saved_options(web: Web) -> dict[str, Any]:
    (entry,) = (await web.api.get("/imports")).json()["items"]
    options: dict[str, Any] = entry["options"]
    return options


async def test_rules_are_set_up_on_the_page_and_come_back(web: Web) -> None:
    made = await web.manager()
    await sign_in(web)
    new = f"/imports/new?manager={made['id']}"
    page = (await web.browser.get(new)).text
    assert page.count("<legend>Mails") == 1
    assert (await send(web, new, FORM | RULES)).status_code == 303
    rule = {"to": ["boss@corp.example", "it@corp.example"], "about": ["failed", "recovered"], "repeated": "daily"}
    assert (await saved_options(web))["mails"] == [rule]
    _, _, details = await newest(web)
    assert details["options.mails.1.about"]["after"] == ["failed", "recovered"]
    import_id = str(await web.db.fetchval("SELECT id FROM imports"))
    page = (await web.browser.get(f"/imports/{import_id}/edit")).text
    assert page.count("<legend>Mails") == 2
    assert 'value="boss@corp.example, it@corp.example"' in page
    emptied = FORM | {"password": "", "mail_1_to": ""}
    assert (await send(web, f"/imports/{import_id}/edit", emptied)).status_code == 303
    assert "mails" not in await saved_options(web)


async def test_what_is_wrong_with_a_rule_is_said_beside_it(web: Web) -> None:
    made = await web.manager()
    await sign_in(web)
    wrong = FORM | {"mail_2_to": "nobody, boss@corp.example", "mail_3_failed": "on"}
    answer = await send(web, f"/imports/new?manager={made['id']}", wrong)
    assert answer.status_code == 422
    assert set(errors(answer)) >= {
        '"nobody" is not an e-mail address.',
        "Say what these addresses are to be told of.",
        "Say who is to get these mails: at least one address.",
    }
    for field in ("options-mails-0-to-0", "options-mails-0-about", "options-mails-1-to"):
        assert f'id="error-{field}"' in answer.text


async def test_rules_decide_nothing_of_what_a_file_would_do(web: Web) -> None:
    made = await web.manager()
    entry = await web.new_import(made["id"])
    rule = {"to": ["boss@corp.example"], "about": ["succeeded"]}
    fingerprints = []
    for options in ({}, {"mails": [rule]}):
        await web.api.patch(f"/imports/{entry['id']}", json={"options": options})
        run = (await web.api.post(f"/imports/{entry['id']}/runs", json={"dry_run": True})).json()["id"]
        await web.api.post(f"/runs/{run}/cancel")
        fingerprints.append(await web.db.fetchval("SELECT setup_fingerprint FROM runs WHERE id = $1::uuid", run))
    assert fingerprints[0] == fingerprints[1]


async def test_the_page_of_a_run_says_who_did_not_get_its_mail_and_why(web: Web) -> None:
    made = await web.manager()
    entry = await web.new_import(made["id"])
    run = (await web.api.post(f"/imports/{entry['id']}/runs")).json()["id"]
    await sign_in(web)
    assert "<dt>Mail</dt>" not in (await web.browser.get(f"/runs/{run}")).text
    await web.db.execute(
        """INSERT INTO outgoing_mails (id, kind, import_id, run_id, message_id, recipients, prepared_at, next_try_at,
            tries, refused, sent_at, trouble)
        VALUES ($1, 'run', $2::uuid, $1, '<x>', '{later@b.example}', $3, $3, 2, $4, $3, 'the mailbox is <full>')""",
        run,
        entry["id"],
        NOW,
        {"<gone>@b.example": "there is no such address (550 5.1.1)"},
    )
    page = (await web.browser.get(f"/runs/{run}")).text
    assert "&lt;gone&gt;@b.example: there is no such address (550 5.1.1)" in page
    assert "waits for 1 address, tried 2 times" in page
    assert ": the mailbox is &lt;full&gt;" in page
    assert "The mail server took it" in page


async def test_admins_send_test_mails_and_see_what_became_of_them(web: Web) -> None:
    await sign_in(web)
    assert "Send a test mail" in (await web.browser.get("/operations")).text
    for wrong in ("", "nobody", "a@b.example\r\nRCPT TO:<x@y.example>"):
        answer = await web.browser.post("/operations/test-mail", data={"csrf": await csrf(web), "address": wrong})
        assert answer.status_code == 422
        assert "is not an e-mail address" in answer.text
    sent = await web.browser.post("/operations/test-mail", data={"csrf": await csrf(web), "address": " it@b.example "})
    assert sent.status_code == 303
    assert await newest(web) == (
        "mail.tested",
        "The whole system",
        {"address": {"before": None, "after": "it@b.example"}},
    )
    noted = await web.db.fetchrow("SELECT * FROM outgoing_mails")
    assert noted is not None
    assert (noted["kind"], noted["recipients"], noted["next_try_at"]) == ("test", ["it@b.example"], NOW)
    page = (await web.browser.get("/operations")).text
    assert "it@b.example" in page
    await web.db.execute("UPDATE outgoing_mails SET next_try_at = NULL, refused = $1", {"it@b.example": "it is full"})
    assert "Refused: it is full" in (await web.browser.get("/operations")).text


async def test_viewers_send_no_test_mail(web: Web) -> None:
    browser = await signed_in(web, Role.VIEWER)
    assert "Send a test mail" not in (await browser.get("/operations")).text
