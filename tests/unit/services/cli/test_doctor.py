"""How the doctor goes from one check to the next."""

from services.cli.checks import CHECKS, Check
from services.cli.doctor import examine
from shared.errors import TransientError


async def well() -> str:
    return "fine"


async def ill() -> str:
    raise TransientError("away", "Nobody is there.")


async def broken() -> str:
    raise ZeroDivisionError("canary")


async def test_all_well() -> None:
    said: list[str] = []
    assert await examine([Check("One", well, "mend it")], said.append)
    assert said == ["✓ One: fine"]


async def test_a_fault_is_said_with_its_remedy_and_the_rest_goes_on() -> None:
    said: list[str] = []
    checks = [
        Check("One", ill, "start it"),
        Check("Two", well, "-", after="One"),
        Check("Three", well, "-", after="Two"),
        Check("Four", broken, "mend it"),
        Check("Five", well, "-"),
    ]
    assert not await examine(checks, said.append)
    assert said == [
        "✗ One: Nobody is there.",
        "  → start it",
        "- Two: not looked at, see One",
        "- Three: not looked at, see Two",
        "✗ Four: ZeroDivisionError",
        "  → mend it",
        "✓ Five: fine",
    ]


def test_each_check_comes_after_the_one_it_needs() -> None:
    titles = [check.title for check in CHECKS]
    for place, check in enumerate(CHECKS):
        assert check.after is None or check.after in titles[:place]
