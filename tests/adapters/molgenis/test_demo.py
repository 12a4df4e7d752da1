"""The demo data, as the first run meets it."""

from __future__ import annotations

import pytest

import biodata


@pytest.fixture
def demo(sandbox):
    with biodata.connect("molgenis", config=sandbox.config_path) as connection:
        yield connection


def test_the_profile_of_the_sandbox_opens(demo):
    assert [table.name for table in demo.tables()] == ["ASE", "SampleAse", "persons"]
    assert demo.identity().user == "admin"


def test_the_samples_of_one_snp(demo):
    rows = demo["SampleAse"].query("SNP_ID = 'rs12460890'").to_records()
    assert len(rows) == int(demo["ASE"].get("rs12460890")["Samples"]) == 21
    assert all(row["Ref_Counts"].isdecimal() and row["Position"] == 829568 for row in rows)


def test_a_frame(demo):
    frame = demo["SampleAse"].query("SNP_ID = 'rs12460890'", fields=["ID", "Ref_Counts", "Alt_Counts"]).to_pandas()
    assert list(frame.columns) == ["ID", "Ref_Counts", "Alt_Counts"]
    assert len(frame) == 21


def test_the_viewer_may_read_and_is_refused_once(sandbox):
    url, log = sandbox.url("molgenis"), sandbox.requests("molgenis")
    with biodata.connect(
        url, platform="molgenis", username="viewer", password="viewer", access="write"
    ) as connection:
        table = connection["ASE"]
        before = table.count()
        sent = log.count("POST", "/api/v2/ASE")
        with pytest.raises(biodata.PermissionDenied):
            table.add({"SNP_ID": "rs_of_mine"})
        assert log.count("POST", "/api/v2/ASE") == sent + 1
        assert table.count() == before
