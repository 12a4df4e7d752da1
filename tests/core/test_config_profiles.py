from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from biodata.config import (
    MayFlowTo,
    Profile,
    Profiles,
    Secret,
    Settings,
    access_level,
    describe,
    find_profiles,
    read_settings,
    settings_from_values,
)
from biodata.errors import ConfigError


class Server(Settings, frozen=True, kw_only=True):
    url: str
    username: str | None = None
    password: Secret | None = None
    credentials: Path | None = None
    config: Path | dict[str, Any] | None = None


class Embedded(Settings, frozen=True, kw_only=True):
    default_access = "delete"
    path: Path


UMCG = """profiles:
  umcg:
    platform: tiny
    url: https://molgenis.example.org
"""


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def profile(tmp_path: Path, text: str = UMCG) -> Profile:
    return find_profiles(write(tmp_path / "profiles.yml", text)).get("umcg")


def test_settings_are_shown_without_their_secrets() -> None:
    shown = repr(settings_from_values(Server, {"url": "https://h", "password": "hunter2", "proxy": "http://u:pw@p"}))
    assert shown == "Server(proxy='http://<secret>@p', url='https://h/', password='<given>')"


# --- files and their order


def test_the_first_file_that_has_it_wins(tmp_path: Path) -> None:
    def one(name: str, url: str) -> str:
        return f"profiles:\n  {name}: {{platform: tiny, url: {url}}}\n"

    env = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    user = write(tmp_path / "xdg/biodata/profiles.yml", one("a", "https://user"))
    project = write(tmp_path / "config/profiles.yml", one("a", "https://project") + one("b", "https://b")[10:])
    found = find_profiles(env=env, cwd=tmp_path)
    assert found.names == ["a", "b"]
    assert found.searched == (user, project)
    assert found.get("a").values["url"] == "https://user"
    assert found.get("a").origin.trusted
    assert not found.get("b").origin.trusted

    other = write(tmp_path / "other.yml", one("c", "https://c"))
    env["BIODATA_CONFIG"] = str(other)
    assert find_profiles(env=env, cwd=tmp_path).names == ["c"]
    assert find_profiles(project, env=env, cwd=tmp_path).names == ["a", "b"]
    assert find_profiles(project, env=env, cwd=tmp_path).get("a").origin.trusted


def test_no_file_at_all_has_no_profile(tmp_path: Path) -> None:
    found = find_profiles(env={"XDG_CONFIG_HOME": str(tmp_path)}, cwd=tmp_path)
    assert found == Profiles({}, found.searched)
    with pytest.raises(ConfigError, match=r"known: none; searched: .*biodata/profiles\.yml, .*config/profiles\.yml"):
        found.get("umcg")


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yml"):
        find_profiles(tmp_path / "none.yml")
    with pytest.raises(ConfigError, match=r"gone\.yml"):
        find_profiles(env={"BIODATA_CONFIG": "gone.yml"}, cwd=tmp_path)


def test_an_unknown_profile_gets_a_near_match(tmp_path: Path) -> None:
    found = find_profiles(write(tmp_path / "p.yml", UMCG))
    with pytest.raises(ConfigError, match=r"no profile 'umgc'; known: umcg; searched: .*p\.yml") as caught:
        found.get("umgc")
    assert caught.value.hint == "Did you mean 'umcg'"
    assert caught.value.exit_status == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("profiles:\n  Umcg: {platform: tiny}\n", r":2: 'Umcg' cannot be a profile's name"),
        ("profiles:\n  a: {}\n  b: {url: x}\n", r":2: the profile 'a' names no platform"),
        ("profiles:\n  a: {platform: 5}\n", "names no platform"),
        ("profiles:\n  a: tiny\n", r":2: profiles.a is not a mapping"),
        ("profiles: [a]\n", ":1: profiles is not a mapping"),
        ("- a\n", "the file is not a mapping"),
        ("profile: {}\n", ":1: the key 'profile' is not known"),
        ("profiles:\n  a:\n    platform: tiny\n    access: all\n", ":4: access is one of read, write, delete"),
        ("profiles:\n  a: {platform: tiny}\n  a: {platform: tiny}\n", "stands twice, in lines 2 and 3"),
    ],
)
def test_files_that_hold_no_profiles(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        find_profiles(write(tmp_path / "p.yml", text))


def test_an_empty_file_is_fine(tmp_path: Path) -> None:
    assert find_profiles(write(tmp_path / "p.yml", "")).names == []
    assert find_profiles(write(tmp_path / "q.yml", "profiles:\n")).names == []


# --- where data may go

FLOWING = """profiles:
  umcg:
    platform: tiny
    may_flow_to: {to}
  local: {{platform: tiny}}
"""


@pytest.mark.parametrize(
    ("to", "profiles"), [("[local]", ("local",)), ("[]", ()), ("[local, umcg, local]", ("local", "umcg"))]
)
def test_where_data_may_go(tmp_path: Path, to: str, profiles: tuple[str, ...]) -> None:
    file = write(tmp_path / "profiles.yml", FLOWING.format(to=to))
    found = find_profiles(file).use("umcg")
    assert found.may_flow_to == MayFlowTo(profiles, f"{file}:4")
    assert "may_flow_to" not in found.values


def test_without_a_rule_data_may_go_anywhere(tmp_path: Path) -> None:
    assert profile(tmp_path).may_flow_to is None


@pytest.mark.parametrize("to", ["local", "{local: yes}", "[5]", "[true]", "[Local]", "null", "[[local]]"])
def test_a_rule_that_is_no_list_of_names(tmp_path: Path, to: str) -> None:
    with pytest.raises(ConfigError, match=r"profiles\.yml:4: may_flow_to is a list of names of profiles") as caught:
        find_profiles(write(tmp_path / "profiles.yml", FLOWING.format(to=to)))
    assert caught.value.code == "BD-CONFIG-VALUE"


def test_a_rule_that_names_no_profile_is_told_when_it_is_used(tmp_path: Path) -> None:
    found = find_profiles(write(tmp_path / "profiles.yml", FLOWING.format(to="[lokal]")))
    assert found.use("local").name == found.get("local").name
    with pytest.raises(ConfigError, match=r"profiles\.yml:4: may_flow_to names 'lokal'") as caught:
        found.use("umcg")
    assert (caught.value.code, caught.value.hint) == ("BD-CONFIG-FLOW", "Did you mean 'local'")


@pytest.mark.parametrize(("ruled", "used"), [("home", False), ("project", True)])
def test_a_projects_file_does_not_say_who_the_users_file_names(tmp_path: Path, ruled: str, used: bool) -> None:
    rule = "profiles:\n  umcg: {platform: tiny, may_flow_to: [local]}\n"
    local = "  local: {platform: tiny}\n"
    home, project = (rule, f"profiles:\n{local}") if ruled == "home" else ("profiles: {}\n", rule + local)
    write(tmp_path / "home/biodata/profiles.yml", home)
    write(tmp_path / "work/config/profiles.yml", project)
    found = find_profiles(env={"XDG_CONFIG_HOME": str(tmp_path / "home")}, cwd=tmp_path / "work")
    if used:
        assert found.use("umcg").may_flow_to is not None
        return
    with pytest.raises(ConfigError, match="may_flow_to names 'local'"):
        found.use("umcg")


# --- settings


def test_settings_are_typed_and_paths_are_relative_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UMCG_PASSWORD", "pw")
    monkeypatch.setenv("PAGE", "50")
    text = UMCG + (
        '    password: "${env:UMCG_PASSWORD}"\n    credentials: keys/c.json\n    config: /etc/c.yml\n'
        '    timeout: 30\n    page_size: "${env:PAGE}"\n    access: write\n    username:\n'
    )
    one = profile(tmp_path, text)
    settings = read_settings(Server, one)
    assert settings == Server(
        url="https://molgenis.example.org/",
        password=Secret("pw"),
        credentials=tmp_path / "keys/c.json",
        config=Path("/etc/c.yml"),
        timeout=30.0,
        page_size=50,
    )
    assert one.access == "write"
    assert "pw" not in repr(settings).replace("'", " ").split()
    assert describe(settings) == {
        "url": "https://molgenis.example.org/",
        "password": "${env:UMCG_PASSWORD}",
        "credentials": str(tmp_path / "keys/c.json"),
        "config": "/etc/c.yml",
        "timeout": 30.0,
        "page_size": 50,
    }


def test_a_key_may_hold_a_mapping_in_place_of_a_path(tmp_path: Path) -> None:
    settings = read_settings(Server, profile(tmp_path, UMCG + "    config: {rest: {host: x}}\n"))
    assert settings.config == {"rest": {"host": "x"}}


@pytest.mark.parametrize("literal", ["S3CR3T", "12345", '"12345"', "[S3CR3T]", "true", '"$S3CR3T"'])
def test_a_literal_password_names_the_reference_and_is_not_printed(tmp_path: Path, literal: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(Server, profile(tmp_path, UMCG + f"    password: {literal}\n"))
    text = str(caught.value)
    assert f"{tmp_path}/profiles.yml:5: password stands in the file itself [umcg]" in text
    assert 'password: "${env:UMCG_PASSWORD}"' in text
    assert "S3CR3T" not in text
    assert "12345" not in text


def test_a_missing_variable_says_where_it_was_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UMCG_PASSWORD", raising=False)
    with pytest.raises(ConfigError) as caught:
        read_settings(Server, profile(tmp_path, UMCG + '    password: "${env:UMCG_PASSWORD}"\n'))
    assert "profiles.yml:5: password: searched: the environment variable UMCG_PASSWORD" in str(caught.value)
    assert caught.value.hint == "Set it: export UMCG_PASSWORD=…"


@pytest.mark.parametrize("key", ["password", "username"])
def test_a_projects_file_runs_no_command(tmp_path: Path, key: str) -> None:
    write(tmp_path / "config/profiles.yml", UMCG + f'    {key}: "${{command:echo x}}"\n')
    one = find_profiles(env={"XDG_CONFIG_HOME": str(tmp_path)}, cwd=tmp_path).get("umcg")
    with pytest.raises(ConfigError, match=f"yml:5: {key}: .* is not followed from a project's own file"):
        read_settings(Server, one)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pasword: x", "yml:5: the key 'pasword' is not known.*Did you mean 'password'"),
        ("colour: red", "the key 'colour' is not known.*Known keys: platform, access, may_flow_to, ca_bundle"),
        ("timeout: soon", "yml:5: timeout: Expected `float"),
        ("timeout: 0", "timeout: Expected `float` > 0"),
        ("page_size: 0", "page_size: Expected `int` >= 1"),
        ("username: 5", "username: Expected `str"),
        ("credentials: 5", "credentials: Expected"),
    ],
)
def test_keys_and_values_that_do_not_fit(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_settings(Server, profile(tmp_path, UMCG + f"    {line}\n"))


@pytest.mark.parametrize(
    "url",
    ["molgenis.example.org", "ftp://x", "https://", "https://me:S3CR3T@x", "https://x?a=1", "https://x:9a", '""'],
)
def test_a_url_that_is_none(tmp_path: Path, url: str) -> None:
    text = UMCG.replace("https://molgenis.example.org", f'"{url}"' if url != '""' else url)
    with pytest.raises(ConfigError, match="yml:4: url is not an address") as caught:
        read_settings(Server, profile(tmp_path, text))
    assert "S3CR3T" not in str(caught.value)


def test_a_required_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="yml:2: the key 'url' is missing"):
        read_settings(Server, profile(tmp_path, "profiles:\n  umcg: {platform: tiny}\n"))


def test_python_code_may_give_plain_secrets() -> None:
    values = {"url": "HTTPS://x/api//", "password": "S3CR3T", "username": None, "credentials": "c.json"}
    settings = settings_from_values(Server, values)
    assert settings.password == Secret("S3CR3T")
    assert settings.credentials == Path.cwd() / "c.json"
    assert "S3CR3T" not in f"{settings} {describe(settings)}"
    with pytest.raises(ConfigError, match="the key 'pasword' is not known"):
        settings_from_values(Server, {"url": "https://x", "pasword": "S3CR3T"})
    with pytest.raises(ConfigError, match="the key 'url' is missing"):
        settings_from_values(Server, {})


def test_the_adapter_decides_the_usual_access() -> None:
    assert access_level(Server, None) == "read"
    assert access_level(Embedded, None) == "delete"
    assert access_level(Embedded, "read") == "read"


def test_a_proxys_password_is_not_described() -> None:
    settings = Server(url="https://x/", proxy="http://me:S3CR3T@proxy:3128")
    assert describe(settings)["proxy"] == "http://<secret>@proxy:3128"


def test_settings_hold_no_secret_when_encoded() -> None:
    with pytest.raises(TypeError):
        msgspec.json.encode(Server(url="https://x/", password=Secret("pw")))


def test_the_example_in_the_repository_can_be_read() -> None:
    example = Path(__file__).parents[2] / "config" / "profiles.example.yml"
    found = find_profiles(example)
    assert set(found.names) >= {"umcg", "omics", "commons", "local"}
    assert all(found.use(name) for name in found.names)
