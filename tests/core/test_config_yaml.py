from __future__ import annotations

from pathlib import Path

import pytest

from biodata.config import load_yaml, parse_yaml
from biodata.errors import ConfigError

FILE = Path("p.yml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ('"null"', "null"),
        ("12", 12),
        ("-12", -12),
        ("007", "007"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("1.5", 1.5),
        ("1.5e3", 1500.0),
        ("1e5", "1e5"),
        ("1:30", "1:30"),
        ("2024-01-31", "2024-01-31"),
        ('"5"', "5"),
        ("1%", "1%"),
        ("NA", "NA"),
        ("=", "="),
        ("<<", "<<"),
        ("9" * 30, "9" * 30),
    ],
)
def test_plain_words_mean_what_they_look_like(text: str, value: object) -> None:
    got = parse_yaml(f"a: {text}\n", FILE).value
    assert got == {"a": value}
    assert type(got["a"]) is type(value)


def test_everything_has_a_line() -> None:
    document = parse_yaml("version: 1\nsteps:\n  - name: a\n    load: {to: x,\n      mode: merge}\n  - b\n", FILE)
    assert document.value == {"version": 1, "steps": [{"name": "a", "load": {"to": "x", "mode": "merge"}}, "b"]}
    assert document.line(()) == 1
    assert document.line(("steps",)) == 2
    assert document.line(("steps", 0, "load", "mode")) == 5
    assert document.position(("steps", 1)) == (6, 5)
    assert document.place(("steps", 0, "load")) == "p.yml:4"
    assert document.line(("steps", 0, "nothing", "at", "all")) == 3
    assert document.line(("steps", 9)) == 2


def test_a_duplicate_key_names_both_lines() -> None:
    with pytest.raises(ConfigError, match=r"p\.yml:3: the key 'a' stands twice, in lines 1 and 3"):
        parse_yaml("a: 1\nb: 2\na: 3\n", FILE)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a:\n\tb: 1\n", 2, "cannot start any token"),
        ("a: b: c\n", 1, "mapping values are not allowed"),
        ("a: [1,\n", 2, "expected"),
        ("a: !!python/object:os.system x\n", 1, "tag"),
        ("a: !secret x\n", 1, "tag"),
        ("a: 1\n5: 2\n", 2, "a key that is not text"),
        ("a: 1\n? [x]\n: 2\n", 2, "a key that is not text"),
        ("a: 1\n---\nb: 1\n", 2, "another document"),
        ("a: &x [*x]\n", 1, "holds itself"),
        ("a: *nowhere\n", 1, "undefined alias"),
        ("a: 1\nb: \x07\n", 2, "does not allow"),
    ],
)
def test_what_is_wrong_has_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, FILE)
    assert str(caught.value).startswith(f"p.yml:{line}: ")
    assert words in str(caught.value)
    assert caught.value.code == "BD-CONFIG-YAML"


@pytest.mark.parametrize(
    "value", ["*S3CR3T", "!S3CR3T x", "!!S3CR3T", "%S3CR3T", "@S3CR3T", "'S3CR3T", "{S3CR3T", '"\\S3CR3T"']
)
def test_a_password_that_is_syntax_is_not_printed(value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(f"password: {value}\n", FILE)
    assert "S3CR3T" not in str(caught.value)


def test_aliases_share_one_value_and_cannot_blow_up() -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    document = parse_yaml("a0: &a0 [x]\n" + "\n".join(levels), FILE)
    assert document.value["a29"][0] is document.value["a28"]


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(ConfigError):
        parse_yaml("[" * 5000, FILE)


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "x.yml"
    with pytest.raises(ConfigError, match="cannot be read"):
        load_yaml(file)
    file.write_bytes(b"a: \xff\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_yaml(file)
    file.write_bytes("\ufeffa: é\n".encode())
    assert load_yaml(file).value == {"a": "é"}
    file.write_text("# nothing\n")
    assert load_yaml(file).value is None
    assert load_yaml(file).line(("a",)) == 1
