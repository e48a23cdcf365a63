"""Wrong models, each with one rule changed in a way that a program might get it wrong.

The reference is a class of small methods, so a mutant is a subclass with one of them written otherwise.
"""

from tests.model.mutants import approvals, files, guard, keeping, late_undos, limits, runs, unchanged, undos
from tests.model.mutants.registry import MUTANTS

__all__ = ["MUTANTS", "approvals", "files", "guard", "keeping", "late_undos", "limits", "runs", "unchanged", "undos"]
