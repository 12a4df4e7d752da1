"""A platform with the tables of docs/semantics.md, and what the page's examples come to there."""

from __future__ import annotations

import doctest
import re
from typing import Any

import biodata
from tests.semantics.limits import missing
from tests.semantics.page import PAGE, RECORDS, Example, sections

NO_FIELD, NO_SYNTAX = "`BD-QUERY-FIELD`", "`BD-QUERY-SYNTAX`"


class Place:
    """A platform with the page's tables, and the names that its Python is run with."""

    def __init__(self, platform: str) -> None:
        self.platform = platform
        self.names: dict[str, Any] = {"profile": "page"}
        for block in next(one for one in sections() if one.title == RECORDS).blocks():
            assert self.differences(block.text) == ""
        self.connection: biodata.Connection = self.names["connection"]
        self.missing = missing(self.connection)

    def differences(self, text: str) -> str:
        """What doctest says of a block that is not as it says."""
        test = doctest.DocTestParser().get_doctest(text, self.names, PAGE.name, str(PAGE), 0)
        told: list[str] = []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
        runner.run(test, out=told.append, clear_globs=False)
        self.names.update(test.globs)
        return "".join(told)

    def has(self, text: str) -> bool:
        """Whether the platform has all fields of the page that the text names."""
        return {name.split(".")[1] for name in self.missing}.isdisjoint(re.findall(r"\w+", text))

    def answer(self, table: str, where: Any) -> str:
        """The keys that a filter gives, as the page writes them, or the code of the error."""
        asked = self.connection[table]
        try:
            keys = sorted(record[asked.schema.key] for record in asked.query(where, page_size=2))
            assert asked.count(where) == len(keys)
        except biodata.QueryError as error:
            return f"`{error.code}`"
        return " ".join(keys) or "none"

    def expected(self, example: Example) -> str:
        """What the page says, or that there is no such field here."""
        return example.says if example.says == NO_SYNTAX or self.has(example.filter) else NO_FIELD
