"""The command's table of contents: each command is a module of its own, loaded only when it is called.

So `contacts-sync --help` answers at once, whatever the commands themselves need.
"""

from importlib import import_module

import typer

_HANDED_ON = {
    "ignore_unknown_options": True,
    "allow_extra_args": True,
    "allow_interspersed_args": False,
}

COMMANDS = {
    "up": ("services.cli.up", "Start everything on this machine: database, broker, mail sink, all services."),
    "import": ("services.cli.imports", "Import a file or a link into a contact manager, and watch it."),
    "runs": ("services.cli.runs", "Show runs, approve plans that wait, take applied runs back."),
    "schedules": ("services.cli.schedules", "List, explain, pause and resume schedules."),
    "doctor": ("services.cli.doctor", "Check settings and every connection, step by step, with the remedy."),
    "run": ("services.cli.run", "Run one service, with settings from the environment."),
    "migrate": ("services.cli.migrate", "Bring the database to the newest schema."),
    "topics": ("services.cli.topics", "Create missing topics, or compare them with what is needed."),
    "dead-letters": ("services.cli.dead_letters", "List, show and replay records that were set aside."),
    "keys": ("services.cli.keys", "Seal stored credentials anew after a change of keys."),
    "test-mail": ("services.cli.test_mail", "Send a test mail, and say what the mail server answers."),
    "users": ("services.cli.users", "Accounts: roles, passwords, API tokens."),
    "demo": ("services.cli.demo.command", "Show the main job end to end on this machine."),
    "reference": ("services.cli.reference.command", "Write or check the generated documents (for developers)."),
}
"""Name of each command, the module whose `app` it is, and its line in the help."""

app = typer.Typer(
    name="contacts-sync",
    help="Keeps contact lists in step with a CSV file, wherever it lies.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback shows the values of variables, among them secrets.
    pretty_exceptions_enable=False,
)


def _hand_on(name: str, module: str, summary: str) -> None:
    @app.command(name, help=summary, add_help_option=False, context_settings=_HANDED_ON)
    def command(context: typer.Context) -> None:
        commands: typer.Typer = import_module(module).app
        commands.pretty_exceptions_enable = False
        typer.main.get_command(commands)(args=context.args, prog_name=f"contacts-sync {name}")


for _name, (_module, _summary) in COMMANDS.items():
    _hand_on(_name, _module, _summary)


if __name__ == "__main__":
    app(prog_name="contacts-sync")
