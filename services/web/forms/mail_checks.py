"""Whether those who are to be mailed can be, and what is stored of them."""

from collections.abc import Sequence

from services.web.forms.input_errors import ErrorList
from services.web.forms.mail_rules_input import MailRuleInput
from shared.events.mail_rules import MailRule
from shared.rules.kinds import Kind, Notation, check
from shared.rules.trimming import trim


def checked_emails(emails: Sequence[str], field: str, errors: ErrorList) -> list[str]:
    """Return the addresses, each once; what is none is an error of its own."""
    trimmed = list(dict.fromkeys(trim(email) for email in emails))
    for place, email in enumerate(trimmed):
        if not email or check(Kind.EMAIL, email, Notation()):
            errors.add("email_invalid", f'"{email}" is not an e-mail address.', f"{field}.{place}")
    return trimmed


def checked_mail_rules(rules: Sequence[MailRuleInput], field: str, errors: ErrorList) -> list[MailRule]:
    """Return the rules; one that names nobody, or nothing to tell, is an error."""
    checked = []
    for place, rule in enumerate(rules):
        at = f"{field}.{place}"
        if not rule.to:
            errors.add("mail_rule_empty", "Say who is to get these mails: at least one address.", f"{at}.to")
        if not rule.about:
            errors.add("mail_rule_empty", "Say what these addresses are to be told of.", f"{at}.about")
        to = checked_emails(rule.to, f"{at}.to", errors)
        checked.append(MailRule(to=to, about=list(dict.fromkeys(rule.about)), repeated=rule.repeated))
    return checked
