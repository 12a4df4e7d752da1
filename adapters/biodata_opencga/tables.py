"""The tables, and where one is: `samples` of the profile's study, `organization@project:study/samples` of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_opencga.administration import ORGANIZATIONS, PROJECTS, STUDIES, USERS, VARIABLE_SETS
from biodata_opencga.analyses import CLINICAL, JOBS, PANELS
from biodata_opencga.entries import COHORTS, FAMILIES, FILES, INDIVIDUALS, SAMPLES

if TYPE_CHECKING:
    from biodata_opencga.shapes import Table

__all__ = ["TABLES", "placed", "table_of"]

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        INDIVIDUALS, SAMPLES, FAMILIES, COHORTS, FILES, PANELS, CLINICAL, JOBS, VARIABLE_SETS,
        STUDIES, PROJECTS, USERS, ORGANIZATIONS,
    )
}  # fmt: skip


def placed(name: str) -> tuple[str | None, str]:
    """(study, resource) that a table's name says; no study where it leaves that to the profile."""
    study, _, resource = name.rpartition("/")
    return study or None, resource


def table_of(name: str) -> Table:
    """The table of a name, in whichever study it is."""
    return TABLES[placed(name)[1]]
