"""The page of settings."""

from collections.abc import Sequence

from services.cli.reference.markdown import table
from services.cli.reference.setting_list import Setting, grouped

_HEAD = """# Settings

Every service reads its settings once, at its start, from the environment. Lists are written as JSON.
Secrets may also come from files: `CONTACTS_SYNC_SECRETS_DIR` names a folder, in which a file is named like the
variable.

"""


def settings_page(settings: Sequence[Setting]) -> str:
    """Return the page in Markdown, a table for each group."""
    parts = []
    for group, members in grouped(settings):
        lines = [
            (
                f"`{setting.variable}`",
                _shown(setting),
                setting.meaning + (" **Secret.**" if setting.is_secret else ""),
                ", ".join(setting.services),
            )
            for setting in members
        ]
        parts.append(f"## {group.rstrip('.')}\n\n" + table(("variable", "default", "meaning", "read by"), lines))
    return _HEAD + "\n".join(parts)


def _shown(setting: Setting) -> str:
    if setting.default is None:
        return "must be set"
    return f"`{setting.default}`" if setting.default else "empty"
