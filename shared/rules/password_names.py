"""Which names of columns say that they hold passwords, in several languages."""

import re
from itertools import pairwise
from typing import Final

from shared.rules.column_names import LONGEST_NAME, plain_name, plain_text

_PASSWORD_WORDS: Final = frozenset(
    [
        "password",
        "passwords",
        "passwort",
        "passworter",
        "kennwort",
        "passwd",
        "passphrase",
        "passcode",
        "pwd",
        "pw",
        "pswd",
        "pword",
        "wachtwoord",
        "haslo",
        "heslo",
        "losenord",
        "losen",
        "adgangskode",
        "salasana",
        "contrasena",
        "jelszo",
        "parola",
        "sifre",
        "geslo",
        "lozinka",
        "zaporka",
        "пароль",
        "パスワード",
        "密码",
        "密碼",
        "口令",
        "비밀번호",
        "암호",
        "portalpassword",
        "portalpasswort",
        "initialpassword",
        "userpassword",
        "loginpassword",
        "kennworter",
        "senha",
        "mdp",
        "zugangscode",
        "zugangswort",
    ]
)
_PASSWORD_NAMES: Final = frozenset({"pass", "pin", "secret", "clave", "mot de passe", "codigo de acceso"})
# A pass may be one for the bus, and a PIN a postal code: they are passwords beside a word that says what they open.
_MAYBE_PASSWORDS: Final = frozenset({"pass", "pin", "clave", "secret"})
_BESIDE_PASSWORDS: Final = frozenset(
    {
        *(
            "user",
            "login",
            "logon",
            "portal",
            "web",
            "account",
            "code",
            "word",
            "hash",
            "hashed",
            "sha",
            "md",
            "bcrypt",
        ),
        *("salt", "initial", "temp", "new", "old", "key", "acceso", "usuario", "online", "ftp", "mail", "email"),
    }
)
_PASSWORD_PARTS: Final = ("password", "passwort", "kennwort", "mot de passe", "motdepasse", "contrasena", "wachtwoord")
_ARTICLES: Final = frozenset({"de", "del", "do", "the", "of"})
_DIGITS: Final = re.compile(r"\d+")


def is_password_name(name: str) -> bool:
    """Tell whether a column of this name holds passwords, in clear or as hashes.

    Read with another delimiter than the file's, a name may be those of all columns, so the whole of it is looked at.
    """
    plain = _DIGITS.sub("", plain_name(name) if len(name) <= LONGEST_NAME else plain_text(name))
    words = plain.split()
    if " ".join(words) in _PASSWORD_NAMES or any(part in plain for part in _PASSWORD_PARTS):
        return True
    return not _PASSWORD_WORDS.isdisjoint(words) or any(
        (one in _MAYBE_PASSWORDS and other in _BESIDE_PASSWORDS)
        or (one in _BESIDE_PASSWORDS and other in _MAYBE_PASSWORDS)
        for one, other in pairwise(word for word in words if word not in _ARTICLES)
    )
