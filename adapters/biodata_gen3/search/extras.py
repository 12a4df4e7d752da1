"""Beside the verbs of the search indices: whose records are meant, and histograms of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from biodata.extras import Extras, needs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata.connection import Connection
    from biodata.query.tree import Node
    from biodata_gen3.adapter import Gen3Adapter
    from biodata_gen3.search.aggregate import Bin
    from biodata_gen3.search.server import Accessibility

__all__ = ["SearchExtras"]


class SearchExtras(Extras):
    """The flat search of a commons."""

    @needs("read")
    def search(self, accessibility: Accessibility = "accessible") -> Connection:
        """The search indices, for other records than those that this user may read.

        Args:
            accessibility: `accessible`, as `connection.search`; `all`, of which numbers are told where they are
                large and rows only if every one may be read; `unaccessible`, the others, of which there are numbers
                alone (protocols/gen3.md, d: tier access).
        """
        return self.connection.beside(cast("Gen3Adapter", self.connection.adapter).search(accessibility))

    @needs("read")
    def histogram(
        self,
        index: str,
        field: str,
        where: str | Node | Mapping[str, Any] | None = None,
        *,
        start: int | None = None,
        end: int | None = None,
        step: int | None = None,
        bins: int | None = None,
    ) -> list[Bin]:
        """How the values of a number field are spread: ranges with count, min, max, avg and sum.

        Args:
            index: an index of the search service.
            field: a field of numbers; texts are counted by `connection.search[index].group_by(field).count()`.
            where: a filter that the service does exactly.
            start: the lower end, the smallest value when None.
            end: the upper end, the largest value when None.
            step: the width of each range.
            bins: the number of ranges, in place of `step`; neither gives one range of all.

        Returns:
            `Bin(low, high, count, min, max, avg, sum)` for each range that holds a record, in order.

        Raises:
            QueryError: the field is no number, or the service does only a part of the filter.
        """
        from biodata_gen3.search.aggregate import histogram

        search = self.search()
        adapter: Any = search.adapter
        plan = search[index].query(where, fields=[field]).plan
        return histogram(adapter.reader, plan, field, (start, end), step=step, bins=bins)
