"""Each platform in turn, with the tables of docs/semantics.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.semantics.place import Place
from tests.semantics.platforms import PLATFORMS, opened

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", params=PLATFORMS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Tests leave its records as the page shows them."""
    with opened(request.param, tmp_path_factory.mktemp("page")) as config:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BIODATA_CONFIG", str(config))
            made = Place(request.param)
        with made.connection:
            yield made
