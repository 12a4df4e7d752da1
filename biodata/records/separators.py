"""What separates the cells of a csv file: commas, or semicolons, as programs write it where commas are decimal."""

from __future__ import annotations

import re

__all__ = ["separator_of"]

QUOTED = re.compile(r'(?:^|(?<=[,;]))"(?:[^"]|"")*(?:"|$)')


def separator_of(line: str, usual: str) -> str:
    """The separator of a file whose first line this is: a semicolon where it has these alone, outside of quotes.

    Args:
        line: the line that names the columns.
        usual: the separator of files of that format; only a comma gives way.
    """
    bare = QUOTED.sub("", line)
    return ";" if usual == "," and ";" in bare and "," not in bare else usual
