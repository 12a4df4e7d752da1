"""The exit status of a pipeline's run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata import errors
from biodata.cli.failures import INTERRUPTED

if TYPE_CHECKING:
    from biodata.pipelines.facts import RunReport

__all__ = ["STRICT", "status_of_report"]

STRICT = 7
FAMILIES = (
    ("BD-PIPELINE-BUDGET", errors.RejectBudgetExceeded),
    ("BD-PIPELINE-CHECK", errors.CheckFailed),
    ("BD-CONFIG", errors.ConfigError),
    ("BD-AUTH", errors.AuthError),
    ("BD-NOT-FOUND", errors.NotFound),
    ("BD-REMOTE", errors.RemoteError),
    ("BD-QUERY", errors.QueryError),
    ("BD-SCHEMA", errors.SchemaError),
    ("BD-WRITE", errors.WriteError),
)


def status_of_report(report: RunReport, *, strict: bool = False) -> int:
    """0 when all was done; 7 under `strict` with rejects; otherwise by what stopped the run."""
    if report.ok:
        return STRICT if strict and report.rejected else 0
    if report.state == "interrupted":
        return INTERRUPTED
    code = report.error_code or ""
    return next((kind.exit_status for prefix, kind in FAMILIES if code.startswith(prefix)), 1)
