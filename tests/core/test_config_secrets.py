from __future__ import annotations

import copy
import logging
import pickle
import sys
import types
from typing import TYPE_CHECKING

import msgspec
import pytest

from biodata.config import Secret, SecretReference
from biodata.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_secret_does_not_get_out_by_accident() -> None:
    secret = Secret("S3CR3T", "${env:X}")
    assert secret.reveal() == "S3CR3T"
    assert "S3CR3T" not in f"{secret} {secret!r} {[secret]}"
    assert repr(secret) == "Secret(${env:X})"
    for leak in (pickle.dumps, copy.deepcopy, msgspec.json.encode):
        with pytest.raises(TypeError):
            leak(secret)


@pytest.mark.parametrize(
    "text", ["S3CR3T", "${env:}", "${env:A}x", "${env:A}${env:B}", "${vault:S3CR3T}", "$S3CR3T", "${env:a-b}", ""]
)
def test_what_is_no_reference_is_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match=r"write \$\{env:NAME\}") as caught:
        SecretReference.parse(text)
    assert "S3CR3T" not in str(caught.value)


def test_from_the_environment(tmp_path: Path) -> None:
    reference = SecretReference.parse("${env:UMCG_PASSWORD}")
    secret = reference.resolve(tmp_path, env={"UMCG_PASSWORD": "a b\n"})
    assert secret.reveal() == "a b\n"
    assert secret.reference == "${env:UMCG_PASSWORD}"
    with pytest.raises(ConfigError, match="environment variable UMCG_PASSWORD, which is not set"):
        reference.resolve(tmp_path, env={})
    with pytest.raises(ConfigError, match="is empty"):
        reference.resolve(tmp_path, env={"UMCG_PASSWORD": ""})


def test_from_a_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "pw"
    file.write_text("pass \n\n")
    file.chmod(0o600)
    reference = SecretReference.parse("${file:pw}")
    assert reference.resolve(tmp_path).reveal() == "pass \n"
    assert not caplog.records
    file.chmod(0o644)
    with caplog.at_level(logging.WARNING, "biodata"):
        reference.resolve(tmp_path)
    assert "chmod 600" in caplog.text
    with pytest.raises(ConfigError, match=str(tmp_path / "none")):
        SecretReference.parse("${file:none}").resolve(tmp_path)
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        reference.resolve(tmp_path)


def test_from_a_command_without_a_shell(tmp_path: Path) -> None:
    def run(line: str) -> str:
        return SecretReference.parse(f"${{command:{line}}}").resolve(tmp_path).reveal()

    assert run("printf '%s\\n' 'a;b $HOME'") == "a;b $HOME"
    for line, words in [
        ("false", "ended with status 1"),
        ("no-such-program-here x", "cannot run"),
        ("echo 'open", "quotes"),
        ("true", "is empty"),
    ]:
        with pytest.raises(ConfigError, match=words):
            run(line)


def test_a_projects_file_runs_and_reads_nothing(tmp_path: Path) -> None:
    for text in ("${command:touch made}", "${file:pw}"):
        with pytest.raises(ConfigError, match="not followed from a project's own file"):
            SecretReference.parse(text).resolve(tmp_path, allow_command_file=False)
    assert not (tmp_path / "made").exists()


def test_from_a_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = types.ModuleType("keyring")
    ring.get_password = lambda service, user: {("a/b", "me"): "pw"}.get((service, user))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", ring)
    assert SecretReference.parse("${keyring:a/b/me}").resolve(tmp_path).reveal() == "pw"
    with pytest.raises(ConfigError, match="service a, user you, which has no entry"):
        SecretReference.parse("${keyring:a/you}").resolve(tmp_path)
    with pytest.raises(ConfigError, match="SERVICE/USER"):
        SecretReference.parse("${keyring:a}").resolve(tmp_path)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match="not installed"):
        SecretReference.parse("${keyring:a/me}").resolve(tmp_path)
