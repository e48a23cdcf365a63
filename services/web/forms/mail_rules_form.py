"""Who is mailed about what, as it stands in the set-up's form: a few numbered rules, from 1."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

from services.web.forms.mail_rules_input import MailRuleInput
from shared.events.mail_rules import MailTopic

TOPICS: Final[tuple[str, ...]] = get_args(MailTopic)
MOST_RULES: Final = 20
PREFIX: Final = "mail_"
_PARTS: Final = ("to", "daily", *TOPICS)


def compacted(values: Mapping[str, str]) -> dict[str, str]:
    """Return what was sent with the rules numbered anew, without those that were left empty."""
    others = {name: value for name, value in values.items() if not name.startswith(PREFIX)}
    rules = [rule for number in range(1, MOST_RULES + 1) if _is_filled(rule := _rule(values, number))]
    return others | {
        f"{PREFIX}{number}_{part}": value for number, rule in enumerate(rules, 1) for part, value in rule.items()
    }


def rules_shown(values: Mapping[str, str]) -> int:
    """Return how many rules the form shows: those filled, and one to fill."""
    filled = sum(_is_filled(_rule(values, number)) for number in range(1, MOST_RULES + 1))
    return min(filled + 1, MOST_RULES)


def mail_rules_document(values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rules of a compacted form as the API has them."""
    rules = [rule for number in range(1, MOST_RULES + 1) if _is_filled(rule := _rule(values, number))]
    return [
        {
            "to": addresses_typed(rule["to"]),
            "about": [topic for topic in TOPICS if rule[topic] == "on"],
            "repeated": "daily" if rule["daily"] == "on" else "every_time",
        }
        for rule in rules
    ]


def mail_rules_values(rules: Sequence[MailRuleInput]) -> dict[str, str]:
    """Return what stands in the form of some rules."""
    values: dict[str, str] = {}
    for number, rule in enumerate(rules, 1):
        parts = {"to": ", ".join(rule.to), "daily": "on" if rule.repeated == "daily" else ""}
        parts |= {topic: "on" if topic in rule.about else "" for topic in TOPICS}
        values |= {f"{PREFIX}{number}_{part}": value for part, value in parts.items()}
    return values


def addresses_typed(text: str) -> list[str]:
    """Return the addresses that were typed into one line."""
    return text.replace(",", " ").replace(";", " ").split()


def _rule(values: Mapping[str, str], number: int) -> dict[str, str]:
    return {part: values.get(f"{PREFIX}{number}_{part}", "") for part in _PARTS}


def _is_filled(rule: Mapping[str, str]) -> bool:
    return bool(addresses_typed(rule["to"])) or any(rule[topic] == "on" for topic in TOPICS)
