"""How the report looks: in light and dark, on a phone, and on paper."""

from __future__ import annotations

from biodata.pipelines.reports.plots.colours import COLOURS, PLOT_USES

__all__ = ["STYLE"]

_TEXT = """\
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.3rem;line-height:1.3;margin:2.5rem 0 .5rem}
h3{font-size:1rem;margin:1.5rem 0 .25rem}
p{margin:.35rem 0}
a{color:var(--accent)}
ul{padding-left:1.25rem;margin:.35rem 0}
code,pre{font:.9em/1.45 ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace}
pre{background:var(--panel);border-radius:.5rem;padding:.75rem 1rem;margin:.5rem 0;white-space:pre-wrap}
.command span{display:inline-block;max-width:100%}
.soft{color:var(--soft)}
.good{color:var(--good)}
.bad{color:var(--bad)}
.warn{color:var(--warn)}
"""
_HEAD = """\
.when{display:flex;flex-wrap:wrap;gap:.25rem .6rem;align-items:center;color:var(--soft)}
.state{font-weight:600;padding:.05rem .65rem;border:1.5px solid currentColor;border-radius:1rem;font-size:.9rem}
ul.todo{list-style:none;padding:0;display:grid;gap:.6rem}
.todo li{border-left:4px solid;background:var(--panel);border-radius:0 .5rem .5rem 0;padding:.5rem 1rem}
.todo li>*{color:var(--ink)}
.todo .bad{border-color:var(--bad)}
.todo .warn{border-color:var(--warn)}
.todo .look{border-color:var(--soft)}
dl{margin:.5rem 0}
dl:not(.tiles)>div{display:grid;grid-template-columns:minmax(9rem,14rem) 1fr;gap:.1rem 1rem;
padding:.35rem 0;border-bottom:1px solid var(--rule)}
dt{color:var(--soft)}
dd{margin:0}
.tiles{display:flex;flex-wrap:wrap;gap:.6rem;margin:1.25rem 0}
.tiles div{display:flex;flex-direction:column-reverse;justify-content:flex-end;flex:1 0 auto;min-width:6.5rem;
max-width:12rem;background:var(--panel);border-radius:.5rem;padding:.6rem .9rem}
.tiles dt{font-size:.85rem;line-height:1.3}
.tiles dd{font-size:1.4rem;font-weight:600;font-variant-numeric:tabular-nums;white-space:nowrap}
"""
_TABLES = """\
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.95rem}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
th,td{text-align:left;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
thead th{color:var(--soft);font-weight:600;white-space:nowrap}
tbody th{font-weight:400;min-width:7rem}
td:not(.number){min-width:6rem}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.share{display:block;width:100%;min-width:4rem;height:.7rem;margin-top:.4rem}
.rest{fill:var(--rule)}
"""
_FIGURES = """\
figure{margin:1.5rem 0}
figcaption{font-weight:600;margin-bottom:.35rem}
svg.plot{width:100%;max-width:36rem;height:auto;display:block}
footer{margin-top:3rem;border-top:1px solid var(--rule);font-size:.95rem}
"""
_PHONE = """\
@media (max-width:40rem){main{padding:1.25rem 1rem 3rem}
dl:not(.tiles)>div{grid-template-columns:1fr}
a{display:inline-block;min-height:44px;min-width:44px;padding:.6rem 0}
[tabindex]>table{min-width:38rem}
.tiles{gap:.5rem}
.tiles div{padding:.5rem .75rem}
.tiles dd{font-size:1.2rem}}
"""
_PAPER = """\
@media print{:root{color-scheme:light;--ink:#000;--soft:#444;--paper:#fff;--panel:#fff;--rule:#bbb;--accent:#1f5fbf;
--good:#0b5a30;--bad:#a01b14;--warn:#704800;--point:#1f5fbf;--line:#b3261e}
@page{margin:18mm 16mm;@bottom-right{content:counter(page) " / " counter(pages)}}
html{font-size:10pt}
body{font-size:1rem}
svg.plot{max-width:28rem}
main{max-width:none;padding:0}
a{color:inherit;text-decoration:none}
h1,h2,h3,figcaption{break-after:avoid}
tr,figure,.todo li,.tiles,dl>div{break-inside:avoid}
[tabindex]>table{min-width:0}
.scroll{overflow:visible}
thead th{white-space:normal}
.tiles div,pre{border:1px solid var(--rule)}
svg{print-color-adjust:exact}
.rest{stroke:var(--rule);stroke-width:.5}}
"""

STYLE = COLOURS + _TEXT + _HEAD + _TABLES + PLOT_USES + _FIGURES + _PHONE + _PAPER
