"""Units as laboratories write them, by pint: `mmol/l`, `kg/m2`, `10^9/L`, `/uL`, `mL/min/1.73m2`, `mm[Hg]`.

pint itself would compute whatever a text says. Here a text is only taken apart into names of units, their powers and
powers of ten, so that what stands in a column can neither keep the computer busy nor mean a number.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from math import lcm, prod
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from biodata.errors import near_match
from biodata.pipelines.packages import needed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Line", "Measure", "conversion", "measure", "near_unit", "why_not"]

DEFINITIONS = (
    "international_unit = [international_unit] = IU = iu = UI",
    "osmole = [osmole] = Osm = osm = osmol",
    "equivalent = [equivalent] = Eq = eq",
    "cell = count",
    "copy = count = _ = copies",
    "beat = count",
    "breath = count",
    "beats_per_minute = beat / minute = bpm",
    "@alias degree_Celsius = Cel",
    "@alias week = wk",
    "@alias month = mo",
)
"""What pint lacks. How much of a substance an international unit or an equivalent is, depends on the substance."""

RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
TOKEN = re.compile(
    r"(?P<over>/)"
    r"|10(?:\^|\*\*?)(?P<ten>[+-]?\d{1,2})"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<name>[^\W\d_](?:\w*[^\W\d])?|[%‰]|°\w)(?:(?:\^|\*\*)?(?P<power>[+-]?\d)(?!\d))?"
    r"|[.·⋅*\xd7\s]+"
)
USUAL = (
    "kg", "g", "mg", "ug", "m", "cm", "mm", "kg/m2", "mmol/l", "umol/l", "mg/dl", "g/dl", "g/l", "10^9/L", "/uL",
    "mmHg", "kPa", "degC", "degF", "IU/l", "U/l", "%", "years", "days", "bpm",
)  # fmt: skip
MOLAR = "src.glucose * 10 / 180.16 for glucose from mg/dl to mmol/l"
SIMPLE = 10**9
LONGEST = 80
STRAIGHT = Decimal("1e-20")


class Measure(msgspec.Struct, frozen=True):
    """What a text says of a unit.

    Attributes:
        factor: how many of pint's `unit` it is.
        unit: pint's.
        shares: of a number without dimension, of what it is a share: `mmol/mol` of substance, `%` of anything.
    """

    factor: Decimal
    unit: Any
    shares: str

    def __str__(self) -> str:
        return f"{self.unit:~C}"


class Line(msgspec.Struct, frozen=True):
    """One unit in terms of another: (value * times + plus) / by, whole numbers where there are such."""

    times: float
    plus: float
    by: float


class _Part(NamedTuple):
    """A name of a unit, or a number where the name is empty; `plain` is one that is not written as 10^n."""

    name: str
    number: Decimal
    power: int
    plain: bool


@lru_cache(maxsize=4096)
def measure(text: str) -> Measure | None:
    """The unit that a text says; None where it says none that is known.

    Besides powers of ten a number may stand behind a / (`mg/100ml`), or before it alone (`1000/uL`).

    Raises:
        ConfigError: `BD-PIPELINE-PACKAGE`, pint is not installed.
    """
    registry = _registry()
    try:
        parts = tuple(_parts(_plain(text)))
        units = [(registry.Unit(part.name) ** part.power, part.power) for part in parts if part.name]
        factor = prod((part.number**part.power for part in parts), start=Decimal(1))
    except (ValueError, ArithmeticError, AttributeError):
        return None
    above = prod((unit for unit, power in units if power > 0), start=registry.Unit(""))
    whole = prod((unit for unit, _ in units), start=registry.Unit(""))
    alone = not any(part.plain and part.power > 0 for part in parts) or not any(power > 0 for _, power in units)
    if not units or not alone or not factor.is_normal():
        return None
    return Measure(factor, whole, str(above.dimensionality) if whole.dimensionless else "")


def _parts(text: str) -> Iterator[_Part]:
    """The parts of a text; a text that has others raises ValueError."""
    if len(text) > LONGEST:
        raise ValueError
    sign, at = 1, 0
    while at < len(text):
        token = TOKEN.match(text, at)
        if token is None or (token["over"] and text[token.end() :].lstrip()[:1] in {"", "/"}):
            raise ValueError
        at = token.end()
        if token["over"]:
            sign = -1
        elif token["name"]:
            yield _Part(token["name"], Decimal(1), sign * int(token["power"] or 1), plain=False)
        elif token["ten"] or token["number"]:
            number = Decimal(10) ** int(token["ten"]) if token["ten"] else Decimal(token["number"])
            yield _Part("", number, sign, plain=not token["ten"])


def _plain(text: str) -> str:
    """Without UCUM's brackets and notes (`mm[Hg]`, `{cells}/uL`), and raised digits as powers."""
    text = re.sub(r"\{[^{}]*\}|[\[\]]", "", text.strip())
    text = re.sub(r"^[x\xd7]\s*(?=10)|(?<=[cm]m) (?=Hg|H2O)", "", text)
    return re.sub(r"[⁰¹²³⁴-⁹⁻]+", lambda match: f"^{match[0].translate(RAISED)}", text)


@lru_cache(maxsize=4096)
def conversion(of: Measure, to: Measure) -> Line | None:
    """How numbers of one unit become numbers of another; None where they measure different things."""
    import pint

    def at(value: int) -> Decimal:
        quantity = _registry().Quantity(value * of.factor, of.unit).to(to.unit)
        return Decimal(quantity.magnitude) / to.factor

    if of.shares != to.shares:
        return None
    try:
        first, second, third = map(at, (0, 1, 2))
    except (pint.errors.PintError, ArithmeticError, TypeError):
        return None
    if abs(third - 2 * second + first) > abs(second - first) * STRAIGHT:
        return None
    slope, start = _simple(second - first), _simple(first)
    by = lcm(slope.denominator, start.denominator)
    return Line(float(slope * by), float(start * by), float(by))


def _simple(value: Decimal) -> Fraction:
    """The number as a fraction of small whole numbers, where it is one."""
    exact = Fraction(value)
    if 0 < abs(exact) < 1:
        return 1 / (1 / exact).limit_denominator(SIMPLE)
    return exact.limit_denominator(SIMPLE)


def why_not(of: Measure, to: Measure) -> str:
    """Why two units cannot be converted, and what to do about mass and substance."""
    first, second = _kind(of), _kind(to)
    if first == second:
        return "a logarithm, or a temperature in a compound unit, is not converted"
    said = f"they measure {first} and {second}"
    if first.replace("[mass]", "[substance]") == second.replace("[mass]", "[substance]"):
        return f"{said}, between which stands the molar mass: compute it in `columns`, say {MOLAR}"
    return said


def _kind(one: Measure) -> str:
    if not one.unit.dimensionless:
        return str(one.unit.dimensionality)
    return "a number" if one.shares == "dimensionless" else f"a share of {one.shares}"


def near_unit(text: str) -> str | None:
    """The known unit that a text is close to."""
    return near_match(text, USUAL) or near_match(text, dir(_registry()))


@cache
def _registry() -> Any:
    """Pint's units and ours, with decimal numbers, so that 9 mg are 0.009 g."""
    registry = needed("pint", "`units`").UnitRegistry(non_int_type=Decimal)
    for definition in DEFINITIONS:
        registry.define(definition)
    return registry
