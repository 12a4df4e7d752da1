"""The HTML report of a run: one file that needs no network, reads in light and dark, on a phone, and prints."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.reports.masking import masked
from biodata.pipelines.reports.page.foot import foot
from biodata.pipelines.reports.page.head import head
from biodata.pipelines.reports.page.overview import overview
from biodata.pipelines.reports.page.steps import steps
from biodata.pipelines.reports.page.style import STYLE
from biodata.pipelines.state.private import replace_private

if TYPE_CHECKING:
    from pathlib import Path

    from biodata.pipelines.reports.facts import RunReport

__all__ = ["html_report", "write_reports"]

PARTS = (head, overview, steps, foot)


def write_reports(report: RunReport, directory: Path, name: str) -> RunReport:
    """Write `NAME.html` and `NAME.json`, for the owner's eyes only.

    Returns:
        The report with their paths filled in, and like them without people's values unless they may be shown.
    """
    directory.mkdir(parents=True, exist_ok=True)
    html, json = directory / f"{name}.html", directory / f"{name}.json"
    placed = msgspec.structs.replace(masked(report), html_path=html, json_path=json)
    replace_private(html, html_report(placed).encode())
    replace_private(json, placed.to_json())
    return placed


def html_report(report: RunReport) -> str:
    """The report as one HTML document; it may use its own style sheet and nothing else."""
    title = escape(f"{report.pipeline} · {report.started[:16].replace('T', ' ')} UTC")
    body = "".join(text for part in PARTS for text in part(report))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def _policy() -> str:
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
