"""Writes the generated tables of the documentation, and the JSON Schema of pipeline files: `python docs/tables.py`.

Tests hold them up to date.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from biodata.adapter import marks
from biodata.pipelines.file.json_schema import schema_text
from biodata.registry import adapter_class, platforms

HERE = Path(__file__).parent
PAGES = (HERE / "adapters.md", HERE / "capabilities.md", HERE / "opencga.md")
SCHEMA = HERE / "pipeline.schema.json"
OURS = ("molgenis", "opencga", "gen3", "duckdb")
BLOCK = re.compile(r"(<!-- made by docs/tables\.py: (\S+) -->)\n.*?<!-- end -->", re.DOTALL)


def marks_table() -> str:
    """One row a missing part."""
    adapters = {name: adapter_class(name) for name in platforms() if name in OURS}
    rows = [f"| {part} | {platform} | {word} | {reason} |" for part, platform, word, reason in marks(adapters)]
    return "\n".join(["| part | platform | mark | why |", "| --- | --- | --- | --- |", *rows])


def block(name: str) -> str:
    """What stands in the block of that name: `marks`, `older-names`, or what a platform can do."""
    if name == "marks":
        return marks_table()
    sys.path[:0] = [str(HERE)] * (str(HERE) not in sys.path)
    if name == "older-names":
        from older_names import names_table

        return names_table()
    from capabilities import by_field, by_type

    return by_field(name) if name == "opencga" else by_type(name)


def page(text: str) -> str:
    """The page with its tables made anew."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{block(found[2])}\n<!-- end -->", text)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
    SCHEMA.write_text(schema_text(), encoding="utf-8")
