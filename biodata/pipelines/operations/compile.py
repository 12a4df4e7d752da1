"""Each operation's own module, imported when a file uses it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from biodata.pipelines.spec import (
    CodeList,
    Dedupe,
    Explode,
    Links,
    Ontology,
    PythonCall,
    Rename,
    Split,
    Units,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from biodata.pipelines.operations.base import Compiled, Surroundings, WholeSet
    from biodata.pipelines.spec import Operation

__all__ = ["compile_operation"]

MODULES: dict[type, str] = {
    Rename: "rename:Renamed",
    Links: "rename:Linked",
    Explode: "explode:Exploded",
    Split: "split:Splitted",
    Dedupe: "dedupe:Deduped",
    CodeList: "coded:Coded",
    Units: "units:Converted",
    Ontology: "ontology:Normalised",
    PythonCall: "python:Called",
}
"""Operation to `module:class`; the class is made of (operation, Arrow schema, Surroundings)."""


def compile_operation(operation: Operation, source: pa.Schema, around: Surroundings) -> Compiled | WholeSet:
    """The operation, compiled for the columns that it is given.

    Raises:
        QueryError: it does not fit them.
    """
    module, _, name = MODULES[type(operation)].partition(":")
    made = getattr(import_module(f"biodata.pipelines.operations.{module}"), name)
    compiled: Compiled | WholeSet = made(operation, source, around)
    return compiled
