import pytest

from shared.rules.password_names import is_password_name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Password",
            "password_hash",
            "PASSWORT",
            "Initialkennwort",
            "Mot de passe",
            "Contraseña",
            "パスワード",
            "пароль",
        ),
        *("pass", "PIN", "Secret", "user_pass", "Pass word", "PIN code", "Web PIN", "Login pass", "pass_hash", "Pwd1"),
        *("Senha do portal", "Clave de acceso", "Zugangscode", "mdp", "userPassword", "Portal-PIN", "password 2"),
        ",".join([*(f"Column number {number}" for number in range(100)), "Password", "Street"]),
    ],
)
def test_names_of_passwords(name: str) -> None:
    assert is_password_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "Name", "Passport", "Passport no", "Bus pass", "pincode", "Pinto", "Clave postal", "Compass", "Passage"),
        *("Secretary", "Spin", "Web", "Code", "User", "Keyword", "Passenger", "12345", "mdpi"),
    ],
)
def test_names_of_other_things(name: str) -> None:
    assert not is_password_name(name)
