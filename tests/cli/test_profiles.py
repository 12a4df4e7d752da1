"""`biodata profiles`: the user's file, and no secret in it."""

import json
import stat

import pytest

ADD = ("profiles", "add", "umcg", "--platform", "molgenis", "--url", "https://molgenis.example.org")


@pytest.fixture
def file(home):
    return home.parent / "config-home" / "biodata" / "profiles.yml"


def test_add_writes_a_file_that_only_its_owner_reads(run, file):
    shown = run(*ADD, "--set", "username=me", "--secret", "password=env:UMCG_PASSWORD", "--access", "write")
    assert shown.status == 0, shown.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(run("profiles", "show", "umcg", "-o", "json").out) == {
        "umcg": {
            "platform": "molgenis",
            "username": "me",
            "url": "https://molgenis.example.org",
            "password": "${env:UMCG_PASSWORD}",
            "access": "write",
        }
    }


def test_add_keeps_what_the_file_holds(run, file):
    file.parent.mkdir(parents=True)
    file.write_text("# mine\nprofiles:\n    old:  # four blanks\n        platform: duckdb\n        path: x.duckdb")
    assert run(*ADD).status == 0
    text = file.read_text()
    assert text.startswith("# mine\nprofiles:\n    old:  # four blanks\n")
    assert [json.loads(line)["name"] for line in run("profiles", "list").out.splitlines()] == ["old", "umcg"]


def test_add_does_not_touch_a_file_that_it_cannot_add_to(run, file):
    file.parent.mkdir(parents=True)
    file.write_text("profiles: {old: {platform: duckdb, path: x.duckdb}}\n")
    shown = run(*ADD)
    assert shown.status == 3
    assert 'url: "https://molgenis.example.org"' in shown.err
    assert file.read_text() == "profiles: {old: {platform: duckdb, path: x.duckdb}}\n"


def test_add_refuses_a_secret_and_a_name_that_is_taken(run, file):
    shown = run(*ADD, "--set", "password=hunter2")
    assert shown.status == 3
    assert "hunter2" not in shown.err
    assert "--secret password=env:UMCG_PASSWORD" in shown.err
    assert not file.exists()
    assert run(*ADD).status == 0
    again = run(*ADD)
    assert again.status == 3
    assert "there already" in again.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--platform", "molgeni"), "molgenis"),
        (("--platform", "molgenis", "--set", "usernam=me"), "username"),
        (("--platform", "molgenis", "--secret", "password=nowhere"), "reference"),
        (("--platform", "molgenis", "--set", "page_size=none"), "page_size"),
    ],
)
def test_add_checks_what_it_is_given(run, file, arguments, said):
    shown = run("profiles", "add", "umcg", "--url", "https://molgenis.example.org", *arguments)
    assert shown.status == 3
    assert said in shown.err
    assert not file.exists()


def test_show_masks_a_literal_secret(run, profiles):
    profiles("umcg: {platform: molgenis, url: https://molgenis.example.org, username: me, password: hunter2}")
    shown = run("profiles", "show", "umcg")
    assert shown.status == 0
    assert "hunter2" not in shown.out + shown.err
    assert "username" in shown.out


def test_show_says_where_data_may_go(run, profiles):
    profiles(
        "umcg: {platform: duckdb, path: a.duckdb, may_flow_to: [local]}", "local: {platform: duckdb, path: b.duckdb}"
    )
    assert 'may_flow_to: ["local"]' in run("profiles", "show", "umcg").out
    assert json.loads(run("profiles", "show", "umcg", "-o", "json").out)["umcg"]["may_flow_to"] == ["local"]
    assert "may_flow_to" not in run("profiles", "show", "local").out


def test_a_slip_in_the_key_is_no_leave_to_flow(run, profiles):
    profiles("umcg: {platform: duckdb, path: a.duckdb, may_flow: []}")
    shown = run("ls", "umcg")
    assert shown.status == 3
    assert "Did you mean 'may_flow_to'" in shown.err


def test_a_path_is_kept_whole(run, home):
    assert run("profiles", "add", "local", "--platform", "duckdb", "--set", "path=out/local.duckdb").status == 0
    shown = json.loads(run("profiles", "list", "-o", "json").out)
    assert shown[0]["address"] == str(home / "out" / "local.duckdb")
