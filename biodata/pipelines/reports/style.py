"""How the HTML report looks, and a plot alone: in light and dark, on a phone and on paper."""

from __future__ import annotations

__all__ = ["PLOT_STYLE", "STYLE"]

_COLOURS = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--paper:#fff;--panel:#f5f7fa;--rule:#d9dfe7;
--accent:#1f5fbf;--good:#12703f;--bad:#b3261e;--warn:#8a5a00;--point:#1f5fbf;--line:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#a3aebd;--paper:#14181f;--panel:#1d232c;--rule:#343d4a;
--accent:#8ab4f8;--good:#6fd39a;--bad:#ff8a80;--warn:#f3c163;--point:#8ab4f8;--line:#ff8a80}}
"""
_PLOT = """\
.grid{stroke:var(--rule);fill:none}
.axis{stroke:var(--soft);fill:none}
.tick,.note{fill:var(--soft);font-size:13px}
.label{fill:var(--ink);font-size:15px;font-weight:600}
.point{fill:var(--point);fill-opacity:.75;stroke:var(--paper);stroke-width:1}
.equality{stroke:var(--line);stroke-width:1.5;stroke-dasharray:6 4;fill:none}
"""

PLOT_STYLE = f"{_COLOURS}svg{{background:var(--paper)}}\ntext{{font-family:system-ui,sans-serif}}\n{_PLOT}"
"""Of a plot that is a file of its own."""

STYLE = (
    _COLOURS
    + """\
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.3rem;margin:2.5rem 0 .5rem}
h3{font-size:1rem;margin:1.5rem 0 .4rem}
p{margin:.35rem 0}
.soft{color:var(--soft)}
code{font:.9em ui-monospace,"Cascadia Mono",Menlo,monospace;overflow-wrap:anywhere}
.state{font-weight:600;padding:.1rem .6rem;border:1.5px solid currentColor;border-radius:1rem;font-size:.9rem}
.good{color:var(--good)}
.bad{color:var(--bad)}
.warn{color:var(--warn)}
.error{border-left:4px solid var(--bad);background:var(--panel);padding:.6rem 1rem;
overflow-wrap:anywhere;white-space:pre-wrap}
dl.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.5rem,1fr));gap:.75rem;margin:1.25rem 0}
.tiles div{background:var(--panel);border-radius:.5rem;padding:.6rem .9rem}
.tiles dt{color:var(--soft);font-size:.85rem}
.tiles dd{margin:0;font-size:1.4rem;font-weight:600;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.95rem}
th,td{text-align:left;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
th{color:var(--soft);font-weight:600;white-space:nowrap}
td.number,th.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.bar{fill:var(--accent)}
figure{margin:1rem 0}
figcaption{color:var(--soft);font-size:.9rem}
svg.plot{width:100%;max-width:40rem;height:auto;display:block}
"""
    + _PLOT
    + """\
footer{margin-top:3rem;border-top:1px solid var(--rule);padding-top:1rem;font-size:.9rem}
@media print{:root{--ink:#000;--soft:#444;--paper:#fff;--panel:#fff;--rule:#bbb;--accent:#444;--good:#000;--bad:#000;
--warn:#000;--point:#1f5fbf;--line:#b3261e}
main{max-width:none;padding:0}
section,figure,tr{break-inside:avoid}
.tiles div{border:1px solid var(--rule)}}
"""
)
