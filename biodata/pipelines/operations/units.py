"""`units`: numbers in one unit become numbers in another, also where each row says its own unit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from biodata.pipelines.loading.tables import plain_type
from biodata.pipelines.operations.base import column_of, unfit
from biodata.pipelines.operations.measures import Line, conversion, measure, near_unit, why_not
from biodata.pipelines.operations.met import Met
from biodata.pipelines.rows import with_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from biodata.pipelines.operations.base import Surroundings
    from biodata.pipelines.operations.measures import Measure
    from biodata.pipelines.reports.facts import Coverage
    from biodata.pipelines.rows import Fault, Rows
    from biodata.pipelines.spec import Units

__all__ = ["Converted"]

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


class Converted:
    """The conversion, compiled; what comes out are floats, and null stays null.

    Attributes:
        schema: the Arrow schema of what comes out.
    """

    multiplies = False

    def __init__(self, operation: Units, source: pa.Schema, around: Surroundings) -> None:
        import pyarrow as pa

        self._rule, self._keys = f"units of {operation.of}", around.keys
        self._of = _column(source, operation.of, "numbers, or texts that spell one")
        self._to, self._unit_of = operation.to, operation.unit_of
        self._wanted = _known(operation.to)
        self._answers: list[Line | str] = [self._fixed(operation.unit)] if operation.unit is not None else []
        if operation.unit_of is not None:
            _column(source, operation.unit_of, "texts")
        self._met = Met(operation.unit_of or "", f"units to {operation.to}")
        self._made = pa.field(operation.into or operation.of, pa.float64())
        self.schema = with_field(source, self._made)

    def _fixed(self, text: str) -> Line:
        unit = _known(text)
        line = conversion(unit, self._wanted)
        if line is None:
            raise unfit("units", f"{text!r} cannot become {self._to!r}: {why_not(unit, self._wanted)}")
        return line

    def coverage(self) -> tuple[Coverage, ...]:
        return (self._met.coverage(),) if self._unit_of else ()

    def apply(self, rows: Rows) -> Iterator[Rows | Fault]:
        import pyarrow.compute as pc

        given = rows.batch.column(self._of.name)
        numbers = _numbers(given.cast(plain_type(self._of.type)))
        answers, places = self._lines(rows, numbers)
        made = _through(numbers, [one if isinstance(one, Line) else None for one in answers], places)
        fine = pc.or_(given.is_null(nan_is_null=True), pc.is_finite(made).fill_null(fill_value=False))
        yield rows.with_column(self._made, made).where(fine)
        for index in pc.indices_nonzero(pc.invert(fine)).to_pylist():
            reason = _reason(numbers[index].as_py(), places[index].as_py(), answers)
            yield rows.fault(index, "transform", self._rule, reason, None if self._keys else {})

    def _lines(self, rows: Rows, numbers: Any) -> tuple[Sequence[Line | str], Any]:
        """The conversions, or why there is none, and at which of them each row is; null where it has no unit."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._unit_of is None:
            return self._answers, pa.array([0] * len(rows), pa.int32())
        encoded = rows.batch.column(self._unit_of).cast(pa.string()).dictionary_encode()
        texts = encoded.dictionary.to_pylist()
        answers = [self._answer(text) for text in texts]
        used: Any = pc.value_counts(encoded.indices.filter(numbers.is_valid()).drop_null())
        met = Counter(dict(zip(used.field("values").to_pylist(), used.field("counts").to_pylist(), strict=True)))
        self._met.add(met.total(), {texts[at]: n for at, n in met.items() if isinstance(answers[at], str)})
        return answers, encoded.indices

    def _answer(self, text: str) -> Line | str:
        unit = measure(text)
        if unit is None:
            return "a unit that is not known"
        return conversion(unit, self._wanted) or f"{unit} cannot become {self._to}"


def _known(text: str) -> Measure:
    unit = measure(text)
    if unit is None:
        near = near_unit(text)
        hint = f"did you mean {near!r}?" if near else "units are written like kg, mmol/l, 10^9/L, mmHg"
        raise unfit("units", f"there is no unit {text!r}; {hint}")
    return unit


def _column(source: pa.Schema, name: str, wanted: str) -> pa.Field[Any]:
    """The column, once its values are texts, or numbers where these are wanted."""
    from pyarrow import types

    field = column_of(source, name, "units")
    kind = plain_type(field.type)
    is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    if not (types.is_string(kind) or (is_number and wanted != "texts")):
        raise unfit("units", f"the column {name!r} is {field.type}; expected {wanted}")
    return field


def _numbers(column: Any) -> Any:
    """The column as floats; null where a text is no number, and where a number is none (NaN)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type):
        texts = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.match_substring_regex(texts, NUMBER), texts, pa.scalar(None, pa.string()))
    floats = column.cast(pa.float64(), safe=False)
    return pc.if_else(pc.is_nan(floats), pa.scalar(None, pa.float64()), floats)


def _through(numbers: Any, lines: Sequence[Line | None], places: Any) -> Any:
    """(number * times + plus) / by, each with the line that its row is at; null where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def part(name: str) -> Any:
        return pa.array([getattr(line, name, None) for line in lines], pa.float64()).take(places)

    return pc.divide(pc.add(pc.multiply(numbers, part("times")), part("plus")), part("by"))


def _reason(number: float | None, place: int | None, answers: Sequence[Line | str]) -> str:
    if number is None:
        return "a text that is no number; a decimal point, no comma"
    if place is None:
        return "the unit is missing"
    answer = answers[place]
    return answer if isinstance(answer, str) else "a number that is out of range"
