"""Passwords that come in where nobody sees them: from standard input, or typed blindly."""

import sys

import typer

from shared.errors import UserError


def password_from_stdin() -> str:
    """Return the first line of standard input without its line end; UserError `password_missing`."""
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise UserError("password_missing", "Standard input holds no password on its first line.", field="password")
    return line


def ask_password(login: str) -> str:
    """Have a person type a new password twice; UserError `password_missing` where nobody can."""
    if not sys.stdin.isatty():
        message = "Nobody can type a password here: hand it in with --password-stdin."
        raise UserError("password_missing", message, field="password")
    password: str = typer.prompt(f"Password of {login}", hide_input=True, confirmation_prompt=True, err=True)
    return password
