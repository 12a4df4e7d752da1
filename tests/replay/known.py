"""The differences that are known: names in `tests/known_differences/PLATFORM.txt`, with reasons after `#`."""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path(__file__).parent.parent / "known_differences"


def known_differences(platform: str) -> frozenset[str]:
    """The names that do not agree yet; the list only gets shorter."""
    path = DIRECTORY / f"{platform}.txt"
    if not path.exists():
        return frozenset()
    lines = [line.partition("# ")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return frozenset(line for line in lines if line)
