"""What MOLGENIS can do beyond the verbs: copies, whole rows, files, the metadata API."""

from __future__ import annotations

import pytest

import biodata


def test_a_table_is_copied_with_its_rows(people):
    connection = people.connect()
    assert connection.extras.copy("rt_City", "towns") == "towns"
    assert connection["towns"].count() == 3
    with pytest.raises(biodata.SchemaError, match="towns"):
        connection.extras.copy("rt_City", "towns")
    with pytest.raises(biodata.NotFound):
        connection.extras.copy("nope", "more")
    with pytest.raises(biodata.PermissionDenied):
        people.connect(access="read").extras.copy("rt_City", "again")
