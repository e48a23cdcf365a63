from services.web.forms.import_form import document_of, empty_form
from services.web.forms.import_input import OptionsInput
from services.web.forms.mail_rules_form import compacted, mail_rules_document, mail_rules_values, rules_shown
from services.web.forms.mail_rules_input import MailRuleInput


def test_limits_left_empty_are_none_and_those_filled_are_told_apart() -> None:
    form = empty_form()
    assert OptionsInput.model_validate(document_of(form, {}, "")["options"]).limits == OptionsInput().limits
    form.values |= {"limit_deletes_percent": " 2.5 ", "limit_adds_count": "1000000"}
    limits = OptionsInput.model_validate(document_of(form, {}, "")["options"]).limits
    assert (limits.deletes.count, limits.deletes.percent) == (None, 2.5)
    assert (limits.adds.count, limits.adds.percent) == (1_000_000, None)


def test_mail_rules_are_numbered_anew_without_those_left_empty() -> None:
    sent = {"name": "x", "mail_1_to": " ", "mail_2_to": "a@b.example; c@d.example", "mail_2_failed": "on"}
    values = compacted(sent | {"mail_2_daily": "on", "mail_4_recovered": "on"})
    assert values["name"] == "x"
    assert rules_shown(values) == 3
    assert mail_rules_document(values) == [
        {"to": ["a@b.example", "c@d.example"], "about": ["failed"], "repeated": "daily"},
        {"to": [], "about": ["recovered"], "repeated": "every_time"},
    ]


def test_mail_rules_come_back_as_they_were_put_in() -> None:
    rule = MailRuleInput(to=["a@b.example"], about=["failed", "file_late"], repeated="daily")
    (document,) = mail_rules_document(mail_rules_values([rule]))
    assert MailRuleInput.model_validate(document) == rule
    assert rules_shown(mail_rules_values([])) == 1
