"""Writes the generated tables of the documentation: `python docs/tables.py`. A test holds them up to date."""

from __future__ import annotations

import re
from pathlib import Path

from biodata.adapter import marks
from biodata.registry import adapter_class, platforms

PAGE = Path(__file__).with_name("adapters.md")
OURS = ("molgenis", "opencga", "gen3", "duckdb")


def marks_table() -> str:
    """One row a missing part."""
    adapters = {name: adapter_class(name) for name in platforms() if name in OURS}
    rows = [f"| {part} | {platform} | {word} | {reason} |" for part, platform, word, reason in marks(adapters)]
    return "\n".join(["| part | platform | mark | why |", "| --- | --- | --- | --- |", *rows])


def page(text: str) -> str:
    """The page with its table made anew."""
    block = f"<!-- marks: made by docs/tables.py -->\n{marks_table()}\n<!-- end -->"
    return re.sub(r"<!-- marks:.*?<!-- end -->", lambda _: block, text, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
