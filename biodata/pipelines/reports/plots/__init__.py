"""Pictures for reports, as SVG and tables that need nothing from outside.

Each kind of picture has its module: what it shows, as data; a function that reads it from a step's rows in constant
memory; and one that draws it.
"""

from __future__ import annotations

from biodata.pipelines.reports.plots.points import scatter

__all__ = ["scatter"]
