"""`pseudonymise` by key, night after night: another key is noticed before anybody is there twice."""

import hashlib
import hmac

import pytest

from biodata.errors import ConfigError
from biodata.pipelines.state.journal import Journal
from tests.pipelines.test_source_pseudonyms import KEY, expected

OTHER = "another-key-of-more-than-16-bytes"
FILE = """\
version: 1
name: study
steps:
  - name: people
    extract: {file: people.csv}
    transform: [{pseudonymise: {field: id, domain: study, key: "${env:STUDY_KEY}"}}]
    load: {to: target/people, mode: merge, key: [id]}
"""
NEW = FILE.replace("people.csv}", "people.csv, incremental: {by: content}}")


@pytest.fixture
def night(run, tmp_path, monkeypatch):
    """A run over two people with this key."""

    def call(key=KEY, text=FILE, people=("p1", "p2"), **options):
        monkeypatch.setenv("STUDY_KEY", key)
        (tmp_path / "people.csv").write_text("".join(f"{one}\n" for one in ("id", *people)))
        path = tmp_path / "study.yml"
        path.write_text(text)
        return run(path, **options).steps[0].tally

    return call


def stops(night, words="the key ${env:STUDY_KEY} of the field id is another", **more):
    with pytest.raises(ConfigError) as caught:
        night(**more)
    assert words in caught.value.message
    assert "study.yml:6:" in caught.value.message
    assert caught.value.code == "BD-PIPELINE-PSEUDONYM-KEY"
    assert "--new-key" in caught.value.hint


@pytest.mark.parametrize("text", [FILE, NEW])
@pytest.mark.parametrize("options", [{}, {"full": True}, {"dry_run": True}, {"restart": True}])
def test_another_key_stops_before_anybody_is_there_twice(night, target, text, options):
    night(text=text)
    stops(night, key=OTHER, text=text, **options)
    assert set(target("people")) == {expected("p1"), expected("p2")}
    assert night(text=text, people=("p1", "p2", "p3"))["created"] == 1


@pytest.mark.parametrize("text", [FILE, NEW])
def test_another_key_is_taken_when_that_is_said_and_everybody_is_read(night, target, text):
    night(text=text)
    assert night(OTHER, text, new_key=True) == {"created": 2}
    both = {expected(one, key=key) for one in ("p1", "p2") for key in (KEY, OTHER)}
    assert set(target("people")) == both
    assert night(OTHER, text).get("created", 0) == 0
    stops(night, text=text)


def test_another_domain_is_another_pseudonym_too(night):
    night()
    other = FILE.replace("domain: study", "domain: other")
    stops(night, "the domain of the field id is another", text=other)
    assert night(text=other, new_key=True) == {"created": 2}


def test_where_rows_are_added_everybody_is_not_added_again(night, connect):
    with connect("target") as connection:
        connection.client.execute("CREATE TABLE people (id VARCHAR)")
    text = NEW.replace("mode: merge, key: [id]", "mode: append")
    night(text=text)
    stops(night, key=OTHER, text=text)
    with pytest.raises(ConfigError, match="everything is to be read, and mode append would add again what is there"):
        night(OTHER, text, new_key=True)
    with connect("target") as connection:
        connection.client.execute("DELETE FROM people")
    assert night(OTHER, text, new_key=True) == {"created": 2}


def test_a_replay_makes_no_pseudonym_and_needs_no_key_of_old(night, again, target, tmp_path, monkeypatch):
    checked = FILE.replace("    load", "    check: [{name: c, rows: CHECK}]\n    load") + "on_reject: {budget: 9}\n"
    night(text=checked.replace("CHECK", f"id <> '{expected('p2')}'"))
    monkeypatch.setenv("STUDY_KEY", OTHER)
    (tmp_path / "study.yml").write_text(checked.replace("CHECK", "true"))
    again(tmp_path / "study.yml")
    assert set(target("people")) == {expected("p1"), expected("p2")}


def test_what_is_kept_of_a_key_is_as_the_documentation_says_and_tells_next_to_nothing(night, state):
    night()
    seen = Journal(state).memory("study")["people"].seen
    whole = hmac.new(KEY.encode(), b"biodata pseudonym check\n", hashlib.sha256).digest()
    assert seen["pseudonyms"] == {"id": ["study", whole[:2].hex()]}
    for path in state.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert KEY.encode() not in content
        assert whole[:4] not in content
        assert whole[:4].hex().encode() not in content
