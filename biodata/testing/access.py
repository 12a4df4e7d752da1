"""What the tests of access levels share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import biodata

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.config.profiles import Access
    from biodata.connection import Connection
    from biodata.testing.target import Target

__all__ = ["denied", "opened"]


def denied(attempt: Callable[[], object]) -> None:
    """See that the profile's access level forbids it."""
    with pytest.raises(biodata.PermissionDenied) as caught:
        attempt()
    assert caught.value.code == "BD-ACCESS"


def opened(target: Target) -> Callable[[Access], Connection]:
    """Opens the target with another access level; the test is not run where it cannot be opened twice."""
    if target.reopen is None:
        pytest.skip("not run: this target cannot be opened twice")
    return target.reopen
