"""From clear values to pseudonyms: by a secret key, or by a look-up table.

By key: base32 in small letters of the first 130 bits of HMAC-SHA256(K, value), 26 characters, behind the prefix. K is
HMAC-SHA256(key, "biodata pseudonym 1" and a line feed and the domain), so that the same value has other pseudonyms in
other domains. Texts are taken in UTF-8 as they are; a whole number is its digits, so that 7 and "7" are one person;
a date is ISO text.

What a run keeps to know the key again is the first 16 bits of HMAC-SHA256(key, "biodata pseudonym check" and a line
feed), the same in all domains, so that many of them tell no more than one. Of 65,536 other keys one is not noticed;
and who tries keys, because it may be a weak one, is left with so many that fit that this does not tell which.
"""

from __future__ import annotations

import datetime as dt
import hmac
from base64 import b32encode
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from biodata.errors import ConfigError
from biodata.query.tree import Leaf
from biodata.records.types import Integer, String

if TYPE_CHECKING:
    from collections.abc import Collection

    from biodata.pipelines.sources.base import Binding
    from biodata.pipelines.spec import Pseudonymise

__all__ = ["Maker", "maker_of", "text_of"]

DOMAIN = b"biodata pseudonym 1\n"
CHECK = b"biodata pseudonym check\n"
SHORTEST, CHARACTERS, ASKED, CHECK_BYTES = 16, 26, 500, 2


class Maker(Protocol):
    """What makes pseudonyms.

    Attributes:
        told: how, for people.
        asks: whether it has to ask somebody.
        check: by which a key is known again, without telling it; empty where there is none.
    """

    told: str
    asks: bool
    check: str

    def of(self, texts: Collection[str]) -> dict[str, str]:
        """Clear value, as text, to pseudonym; without those that have none."""


def maker_of(one: Pseudonymise, binding: Binding) -> Maker:
    """What makes the pseudonyms of a field.

    Raises:
        ConfigError: `BD-PIPELINE-PSEUDONYM`, the key is too short, or the table has no such fields;
            `BD-CONFIG-SECRET`, the key is not there.
    """
    return _Keyed(one, Path(binding.file).parent) if one.key is not None else _LookedUp(one, binding)


def text_of(value: Any) -> str | None:
    """A clear value as text; None for what is no value."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float | Decimal):
        return None if value != value else _number(value)  # noqa: PLR0124 - only NaN differs from itself
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: float | Decimal) -> str:
    """A number without a fraction as a whole one has it: tables with gaps hold whole numbers as such."""
    return str(int(value)) if isfinite(value) and value == int(value) else str(value)


def _secret(reference: str, directory: Path) -> bytes:
    from biodata.config import SecretReference

    try:
        return SecretReference.parse(reference).resolve(directory).reveal().encode()
    except ConfigError as error:
        error.message = f"pseudonymise: the key {reference} is not there; {error.message}"
        raise


class _Keyed:
    asks = False

    def __init__(self, one: Pseudonymise, directory: Path) -> None:
        secret = _secret(one.key or "", directory)
        if len(secret) < SHORTEST:
            raise ConfigError(
                f"pseudonymise: the key {one.key} has fewer than {SHORTEST} bytes",
                code="BD-PIPELINE-PSEUDONYM",
                hint='Make one: python -c "import secrets; print(secrets.token_hex(32))"',
            )
        self._key = hmac.digest(secret, DOMAIN + one.domain.encode(), "sha256")
        self.check = hmac.digest(secret, CHECK, "sha256")[:CHECK_BYTES].hex()
        self._prefix = one.prefix
        self.told = f"by key, domain {one.domain}"

    def of(self, texts: Collection[str]) -> dict[str, str]:
        return {text: self._prefix + self._coded(text) for text in texts}

    def _coded(self, text: str) -> str:
        digest = hmac.digest(self._key, text.encode(), "sha256")
        return b32encode(digest[:20]).decode()[:CHARACTERS].lower()


class _LookedUp:
    asks = True
    check = ""

    def __init__(self, one: Pseudonymise, binding: Binding) -> None:
        if one.table is None:
            raise TypeError
        self._table = binding.connections[one.table.profile][one.table.table]
        self._clear, self._pseudonym, self._prefix = one.clear, one.pseudonym, one.prefix
        schema = self._table.schema
        for name in (one.clear, one.pseudonym):
            if not isinstance(schema[name].type, String | Integer):
                problem = f"{one.table}: the field {name} is of type {schema[name].type}, and text or int is needed"
                raise ConfigError(f"pseudonymise: {problem}", code="BD-PIPELINE-PSEUDONYM")
        self._type = schema[one.clear].type
        self.told = f"asked of {one.table}, by {one.clear}"

    def of(self, texts: Collection[str]) -> dict[str, str]:
        found: dict[str, str | None] = {}
        asked = [value for text in sorted(texts) if (value := self._value(text)) is not None]
        for some in (asked[at : at + ASKED] for at in range(0, len(asked), ASKED)):
            for record in self._table.query(Leaf((self._clear,), "in", tuple(some)), fields=self._fields):
                clear, pseudonym = text_of(record[self._clear]), text_of(record[self._pseudonym])
                if clear is not None and pseudonym is not None:
                    twice = found.get(clear, pseudonym) != pseudonym
                    found[clear] = None if twice else pseudonym
        return {clear: self._prefix + one for clear, one in found.items() if one is not None}

    @property
    def _fields(self) -> list[str]:
        return list(dict.fromkeys((self._clear, self._pseudonym)))

    def _value(self, text: str) -> str | int | None:
        """The text as the field has it; None where the field cannot have it."""
        if isinstance(self._type, String):
            return text if self._type.choices is None or text in self._type.choices else None
        digits = text.removeprefix("-")
        return int(text) if digits.isascii() and digits.isdigit() and str(int(text)) == text else None
