"""Whether there is a real server to test on."""

from __future__ import annotations

import pytest

import biodata


def test_the_server_says_what_it_is(request):
    profile = request.config.getoption("--profile", default=None)
    if profile is None:
        pytest.skip("not run: no --profile")
    with biodata.connect(profile) as connection:
        assert connection.identity().server
        assert isinstance(connection.tables(), list)
