"""What may be got wrong about limits of the user's own."""

from dataclasses import replace
from fractions import Fraction

from tests.model.mutants.registry import mutant
from tests.model.parts import Contact, Ended, Limit, Run
from tests.model.reference import Reference


@mutant
class LimitsRefuseOnlyAbove(Reference):
    def exceeds(self, limit: Limit, planned: int, contacts: int) -> bool:
        return super().exceeds(limit, planned - 1, contacts)


@mutant
class SharesRefuseOnlyAbove(Reference):
    def exceeds(self, limit: Limit, planned: int, contacts: int) -> bool:
        above = bool(limit.percent is not None and contacts and planned * 100 > Fraction(str(limit.percent)) * contacts)
        return above or super().exceeds(replace_share(limit), planned, contacts)


@mutant
class SharesAreOfTheFile(Reference):
    def ask_limits(self, run: Run) -> None:
        contacts, self.contacts = self.contacts, dict.fromkeys(map(str, range(run.counts["read"])), Contact({}, None))
        try:
            super().ask_limits(run)
        finally:
            self.contacts = contacts


@mutant
class LimitsRefuseNothingPlanned(Reference):
    def ask_limits(self, run: Run) -> None:
        super().ask_limits(run)
        for name in ("deletes", "updates", "adds"):
            if getattr(run.setup, name).count == 0:
                raise Ended("refused", f"limit_{name}")


@mutant
class AddsAreAskedFirst(Reference):
    def ask_limits(self, run: Run) -> None:
        if run.counts["added"] and self.exceeds(run.setup.adds, run.counts["added"], len(self.contacts)):
            raise Ended("refused", "limit_adds")
        super().ask_limits(run)


@mutant
class ApprovalsAreHeldToLimits(Reference):
    def require_good_rows(self, run: Run) -> None:
        super().require_good_rows(run)
        if run.approves:
            self.ask_limits(run)


def replace_share(limit: Limit) -> Limit:
    """Return a limit without its share."""
    return replace(limit, percent=None)
