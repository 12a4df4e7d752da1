"""Writes the generated tables of docs/semantics.md: `python -m tests.semantics`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import biodata
from tests.semantics.limits import limits, missing
from tests.semantics.page import shapes, write_part
from tests.semantics.platforms import PLATFORMS, opened


def main() -> None:
    """Ask each platform, and write the page."""
    asked = {platform: _asked(platform) for platform in PLATFORMS}
    named = [f"{table}.{field.name}" for table, shape in shapes().items() for field in shape]
    has = {name: ["no" if name in lacking else "yes" for lacking, _ in asked.values()] for name in named}
    write_part("fields", ["field", *PLATFORMS], [[name, *words] for name, words in has.items() if "no" in words])
    rows = [[platform, *limit] for platform, (_, found) in asked.items() for limit in found]
    write_part("limits", ["platform", "field", "what is done", "what comes of it"], rows)


def _asked(platform: str) -> tuple[set[str], list[tuple[str, str, str]]]:
    with (
        tempfile.TemporaryDirectory() as directory,
        opened(platform, Path(directory)) as config,
        biodata.connect("page", config=config) as connection,
    ):
        return missing(connection), list(limits(connection))


if __name__ == "__main__":
    main()
