"""What somebody wants a file for."""

from typing import Annotated, Literal

from fastapi import Query

Purpose = Annotated[
    Literal["import", "spreadsheet"], Query(alias="for", description="For a spreadsheet, formulas are escaped")
]
"""A route's parameter of this type is the query's `for`."""
