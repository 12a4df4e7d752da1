"""`connection.extras`: the one way to what a platform can do beyond the verbs."""

from __future__ import annotations

import pytest

import biodata
from biodata.adapter import Adapter
from biodata.connection import Connection
from biodata.errors import NotFound
from biodata.extras import Extras, needs


class Small(Extras):
    @needs("read")
    def look(self, there: bool = True) -> str:
        """Look."""
        if not there:
            raise NotFound("Nothing is there")
        return "seen"

    @needs("delete")
    def burn(self) -> str:
        """Burn."""
        return "ashes"


class Plain(Adapter):
    platform = "plain"


class WithExtras(Adapter):
    platform = "small"

    def extras(self, connection):
        return Small(connection)


def opened(kind, access="read"):
    kind.__abstractmethods__ = frozenset()
    return Connection(kind(), name="here", access=access)


def test_a_method_works_and_its_errors_name_the_profile() -> None:
    extras = opened(WithExtras).extras
    assert extras.look() == "seen"
    with pytest.raises(biodata.NotFound, match="here"):
        extras.look(there=False)


def test_access_holds() -> None:
    with pytest.raises(biodata.PermissionDenied) as refused:
        opened(WithExtras, "write").extras.burn()
    assert refused.value.code == "BD-ACCESS"
    assert opened(WithExtras, "delete").extras.burn() == "ashes"


def test_what_is_not_there_says_what_is() -> None:
    with pytest.raises(AttributeError, match=r"small has no 'ashes' among its extras; it has: burn, look"):
        _ = opened(WithExtras).extras.ashes
    with pytest.raises(AttributeError, match="it has: nothing"):
        _ = opened(Plain).extras.anything
    assert dir(opened(WithExtras).extras) == ["burn", "connection", "look"]
