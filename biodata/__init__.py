"""One interface to read and write MOLGENIS, OpenCGA and Gen3.

    import biodata
    from biodata import col

    umcg = biodata.connect("umcg")
    rows = umcg["ASE"].query((col("Chr") == "19") & (col("Pos") > 800000), fields=["SNP_ID", "Pos"])
    for record in rows: ...

`connect` opens a profile; `connection["TABLE"]` is a `Repository` with get, add, update, delete and query.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from biodata.errors import (
    AuthError,
    BiodataError,
    CheckFailed,
    ConfigError,
    NotFound,
    PermissionDenied,
    ProtocolError,
    QueryError,
    RateLimited,
    RejectBudgetExceeded,
    RemoteError,
    SchemaError,
    Unavailable,
    Unsupported,
    WriteError,
)

if TYPE_CHECKING:
    from biodata.connection import Connection, connect
    from biodata.groups import Counts, Groups, Values
    from biodata.query.builder import col, native
    from biodata.receipts import Outcome, Receipt
    from biodata.records.types import Field, Schema
    from biodata.records.uploads import Upload
    from biodata.repository import Found, Repository
    from biodata.results import Result

__version__ = "0.1.0"

__all__ = [
    "AuthError",
    "BiodataError",
    "CheckFailed",
    "ConfigError",
    "Connection",
    "Counts",
    "Field",
    "Found",
    "Groups",
    "NotFound",
    "Outcome",
    "PermissionDenied",
    "ProtocolError",
    "QueryError",
    "RateLimited",
    "Receipt",
    "RejectBudgetExceeded",
    "RemoteError",
    "Repository",
    "Result",
    "Schema",
    "SchemaError",
    "Unavailable",
    "Unsupported",
    "Upload",
    "Values",
    "WriteError",
    "__version__",
    "col",
    "connect",
    "native",
]

_HOMES = {
    "Connection": "biodata.connection",
    "connect": "biodata.connection",
    "col": "biodata.query.builder",
    "native": "biodata.query.builder",
    "Counts": "biodata.groups",
    "Groups": "biodata.groups",
    "Values": "biodata.groups",
    "Outcome": "biodata.receipts",
    "Receipt": "biodata.receipts",
    "Field": "biodata.records.types",
    "Schema": "biodata.records.types",
    "Upload": "biodata.records.uploads",
    "Found": "biodata.repository",
    "Repository": "biodata.repository",
    "Result": "biodata.results",
}


def __getattr__(name: str) -> Any:
    """A public name, loaded when it is first asked for: `import biodata` stays light."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'biodata' has no attribute '{name}'")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
