"""Where mutants are noted by their names."""

from tests.model.reading import Reader
from tests.model.reference import Reference

MUTANTS: dict[str, type[Reference]] = {}


def mutant(model: type[Reference]) -> type[Reference]:
    """Note a mutant by its name."""
    MUTANTS[model.__name__] = model
    return model


def of_reader(reader: type[Reader]) -> type[Reader]:
    """Note the mutant that reads files with this reader."""
    MUTANTS[reader.__name__] = type(reader.__name__, (Reference,), {"reader": reader})
    return reader
