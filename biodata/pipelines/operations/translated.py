"""Values of one column that become other texts: what code lists and ontologies have in common.

Each different value of a batch is looked up once, and Arrow puts the answers where the values stood.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, UnsetType

from biodata.pipelines.loading.tables import plain_type
from biodata.pipelines.operations.base import column_of, unfit
from biodata.pipelines.rows import is_json, relisted, with_field
from biodata.pipelines.sheets import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from biodata.pipelines.operations.base import Surroundings
    from biodata.pipelines.operations.met import Met
    from biodata.pipelines.reports.facts import Coverage
    from biodata.pipelines.rows import Fault, Rows
    from biodata.pipelines.spec import CodeList, Ontology
    from biodata.pipelines.spec.operations import OnUnmapped

__all__ = ["Translated"]


class Translated(ABC):
    """A column whose values become texts; of a list each element, and elements that become null are left out.

    Attributes:
        schema: the Arrow schema of what comes out.
    """

    multiplies = False

    def __init__(
        self,
        operation: CodeList | Ontology,
        source: pa.Schema,
        around: Surroundings,
        *,
        rule: str,
        reason: str,
        otherwise: OnUnmapped,
        met: Met,
    ) -> None:
        """Compile.

        Args:
            operation: which column, and which one it becomes.
            source: the columns that are there.
            around: what else there is to know.
            rule: what to call it where a row is rejected, for the `reason`.
            reason: why.
            otherwise: what becomes of a value without a target.
            met: where to count.

        Raises:
            QueryError: there is no such column, or it holds no single values.
        """
        import pyarrow as pa

        self._rule, self._reason, self._keys = rule, reason, around.keys
        self._otherwise, self._met = otherwise, met
        self._of = column_of(source, operation.of, rule)
        self._kind: Any = plain_type(self._of.type)
        self._is_list = pa.types.is_list(self._kind)
        _raise_for_nested(self._of, self._kind, rule)
        self._made = pa.field(operation.into or operation.of, pa.list_(pa.string()) if self._is_list else pa.string())
        self.schema = with_field(source, self._made)

    @abstractmethod
    def target(self, text: str) -> str | UnsetType | None:
        """What a value becomes, `UNSET` where there is no saying."""

    def coverage(self) -> tuple[Coverage, ...]:
        return (self._met.coverage(),)

    def apply(self, rows: Rows) -> Iterator[Rows | Fault]:
        import pyarrow as pa
        import pyarrow.compute as pc

        column = rows.batch.column(self._of.name).cast(self._kind)
        values = column.flatten() if self._is_list else column
        targets, lost = self._translated(values)
        made = rows.with_column(self._made, relisted(column, targets) if self._is_list else targets)
        if self._otherwise != "reject" or not lost.true_count:
            yield made
            return
        where = pc.list_parent_indices(column).filter(lost) if self._is_list else pc.indices_nonzero(lost)
        refused: Any = pc.unique(where.cast(pa.int64()))
        yield made.where(pc.invert(pc.is_in(pa.array(range(len(rows)), pa.int64()), value_set=refused)))
        for index in refused.to_pylist():
            yield rows.fault(index, "transform", self._rule, self._reason, None if self._keys else {})

    def _translated(self, values: pa.Array[Any]) -> tuple[pa.Array[Any], pa.BooleanArray]:
        """The targets, and where a value has none."""
        import pyarrow as pa

        encoded = values.dictionary_encode()
        different = encoded.dictionary.to_pylist()
        texts = [text_of(value) for value in different]
        found = [self.target(text) for text in texts]
        unknown = pa.array([answer is UNSET for answer in found], pa.bool_())
        lost: Any = unknown.take(encoded.indices).fill_null(fill_value=False)
        self._count(values, texts, encoded.indices.filter(lost))
        answers = [self._instead(value) if one is UNSET else one for one, value in zip(found, different, strict=True)]
        return pa.array(answers, pa.string()).take(encoded.indices), lost

    def _instead(self, value: Any) -> str | None:
        if self._otherwise != "keep":
            return None
        return value if isinstance(value, str) else text_of(value)

    def _count(self, values: pa.Array[Any], texts: Sequence[str], lost: pa.Array[Any]) -> None:
        import pyarrow.compute as pc

        unmapped: Counter[str] = Counter()
        met: Any = pc.value_counts(lost)
        for index, rows in zip(met.field("values").to_pylist(), met.field("counts").to_pylist(), strict=True):
            unmapped[texts[index]] += rows
        self._met.add(len(values) - values.null_count, unmapped)


def _raise_for_nested(field: pa.Field[Any], kind: Any, rule: str) -> None:
    import pyarrow as pa

    element: Any = kind.value_type if pa.types.is_list(kind) else kind
    if is_json(field) or pa.types.is_nested(element):
        what = "JSON" if is_json(field) else "objects or lists of lists"
        hint = "take the value out with a `columns` expression first, say src.field.id or src.field ->> '$.id'"
        raise unfit(rule, f"the column {field.name!r} holds {what}; {hint}")
