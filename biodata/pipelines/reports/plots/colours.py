"""The colours of a report in light and dark, and how a plot uses them."""

from __future__ import annotations

__all__ = ["COLOURS", "PLOT_STYLE", "PLOT_USES"]

COLOURS = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#566070;--paper:#fff;--panel:#f5f7fa;--rule:#d9dfe7;
--accent:#1f5fbf;--good:#12703f;--bad:#b3261e;--warn:#8a5a00;--point:#1f5fbf;--line:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#a3aebd;--paper:#14181f;--panel:#1d232c;--rule:#343d4a;
--accent:#8ab4f8;--good:#6fd39a;--bad:#ff8a80;--warn:#f3c163;--point:#8ab4f8;--line:#ff8a80}}
"""
PLOT_USES = """\
.grid{stroke:var(--rule);fill:none}
.axis{stroke:var(--soft);fill:none}
.tick,.note{fill:var(--soft);font-size:13px}
.label{fill:var(--ink);font-size:14px;font-weight:600}
.point{fill:var(--point);fill-opacity:.75;stroke:var(--paper);stroke-width:.75}
.equality{stroke:var(--line);stroke-width:1.5;stroke-dasharray:6 4;fill:none}
.bar{fill:var(--accent)}
"""

PLOT_STYLE = f"{COLOURS}svg{{background:var(--paper)}}\ntext{{font-family:system-ui,sans-serif}}\n{PLOT_USES}"
"""Of a plot that is a file of its own."""
