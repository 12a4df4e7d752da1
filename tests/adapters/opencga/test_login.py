"""Where a login comes from: a session file, a person; and that certificates are always checked."""

from __future__ import annotations

import json
import os
import pty
import ssl
import subprocess
import sys
from types import SimpleNamespace

import pytest

import biodata
from biodata.config.prompt import ask_password
from biodata_opencga.sandbox.demo import ORGANIZATION, OWNER, PASSWORDS
from tests.core.loopback import Answer, Loopback, script

EMPTY = json.dumps({"events": [], "responses": [{"events": [], "numResults": 0, "results": []}]}).encode()
ANSWER = Answer(body=EMPTY, headers={"Content-Type": "application/json"})
NOBODY = {"user": None, "password": None}


def session_file(tmp_path, **content):
    path = tmp_path / "opencga_session.json"
    path.write_text(json.dumps({"host": "opencga", "user": OWNER, **content}), encoding="utf-8")
    return str(path)


# --- the session file ------------------------------------------------------------------------------------------


def test_the_login_of_the_servers_own_command(rig, tmp_path):
    path = session_file(tmp_path, token=rig.state.token(ORGANIZATION, OWNER), refreshToken="r", attributes={})
    connection = rig.connect(**NOBODY, session=path)
    assert connection["samples"].count() == 17
    assert connection.client.samples.search(limit=0, count=True).get_num_matches() == 17
    assert rig.logins() == 0


def test_it_is_not_renewed(rig, tmp_path):
    path = session_file(tmp_path, token=rig.state.token(ORGANIZATION, OWNER))
    rig.sandbox.clock.advance(3601)
    with pytest.raises(biodata.AuthError) as caught:
        rig.connect(**NOBODY, session=path)["samples"].count()
    assert (caught.value.code, rig.logins()) == ("BD-AUTH-EXPIRED", 0)


def test_it_is_read_only_when_asked_for(rig, monkeypatch, tmp_path):
    (tmp_path / ".opencga").mkdir()
    (tmp_path / ".opencga" / "opencga_session.json").write_text('{"token": "x"}', encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(biodata.ConfigError):
        rig.connect(**NOBODY)


def test_cookies_of_a_single_sign_on_go_with_the_token(tmp_path):
    path = session_file(tmp_path, token="t", attributes={"cookies": {"JSESSIONID": "one", "sso": "two"}})
    with Loopback(script(ANSWER)) as server, biodata.connect(server.url, platform="opencga", session=path) as there:
        there.client.meta.ping()
        there.client.users.login({"user": "me", "password": "x"})
    first, login = server.asked
    assert (first.headers["authorization"], first.headers["cookie"]) == ("Bearer t", "JSESSIONID=one; sso=two")
    assert "cookie" not in login.headers


@pytest.mark.parametrize(
    ("text", "code"),
    [(None, "BD-CONFIG-FILE"), ("no json", "BD-CONFIG-FILE"), ("[]", "BD-CONFIG-FILE"), ("{}", "BD-CONFIG-LOGIN")],
)
def test_files_without_a_login(tmp_path, text, code):
    path = tmp_path / "session.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(biodata.ConfigError) as caught:
        biodata.connect("https://opencga.example.org", platform="opencga", session=str(path))
    assert caught.value.code == code
    assert "opencga.sh" in (caught.value.hint or "")


# --- a person --------------------------------------------------------------------------------------------------

READS = """
import sys, biodata
with biodata.connect(sys.argv[1], platform="opencga", user="demo", organization="demo") as connection:
    for _ in range(3):
        try:
            print("there are", connection["samples"].count())
        except biodata.AuthError as error:
            print("refused", error.code)
"""


def on_terminal(url, typed):
    """Run READS on a terminal of its own; type at the prompt."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", READS, url], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
            if shown.endswith(b": ") and typed:
                os.write(ours, typed.encode() + b"\n")
                typed = ""
    except OSError:  # Linux says so when the other end is closed
        pass
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return shown.decode()


def test_a_person_is_asked_once_on_a_terminal(rig):
    shown = on_terminal(rig.url, PASSWORDS[OWNER])
    assert shown.count("Password of demo at 127.0.0.1") == 1
    assert shown.count("there are 17") == 3
    assert PASSWORDS[OWNER] not in shown
    assert rig.logins() == 1


def test_a_wrong_password_is_neither_asked_for_nor_sent_again(rig):
    shown = on_terminal(rig.url, "wrong")
    assert (shown.count("Password of"), shown.count("refused BD-AUTH"), rig.logins()) == (1, 3, 1)


def test_nobody_is_asked_without_a_terminal(rig):
    with pytest.raises(biodata.ConfigError) as caught:
        rig.connect(password=None)
    assert (caught.value.code, len(rig.log)) == ("BD-CONFIG-LOGIN", 0)
    with pytest.raises(biodata.ConfigError):
        ask_password("me")


def test_a_notebook_asks_in_a_field_of_its_own(rig, monkeypatch):
    asked = []
    monkeypatch.setitem(sys.modules, "ipykernel", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=object))
    monkeypatch.setattr("getpass.getpass", lambda text: asked.append(text) or PASSWORDS[OWNER])  # as ipykernel does
    connection = rig.connect(password=None)
    assert asked == [], "not before it is needed"
    rig.sandbox.clock.advance(0)
    assert connection["samples"].count() == 17
    rig.sandbox.clock.advance(3601)
    assert connection["samples"].count() == 17
    assert (len(asked), rig.logins()) == (1, 2)


def test_a_notebook_that_runs_without_a_person_is_told(rig, monkeypatch):
    def nobody(_text):
        raise NotImplementedError  # ipykernel's StdinNotImplementedError is one

    monkeypatch.setitem(sys.modules, "ipykernel", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=object))
    monkeypatch.setattr("getpass.getpass", nobody)
    with pytest.raises(biodata.ConfigError, match="no password of demo") as caught:
        rig.connect(password=None)["samples"].count()
    assert (caught.value.code, len(rig.log)) == ("BD-CONFIG-LOGIN", 0)


@pytest.mark.parametrize("stdin", [None, "closed"])
def test_nobody_is_asked_where_there_is_no_input(rig, monkeypatch, stdin):
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal, open(os.devnull, encoding="utf-8") as closed:  # noqa: PTH123
        closed.close()
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setattr(sys, "stdin", closed if stdin else None)
        with pytest.raises(biodata.ConfigError):
            rig.connect(password=None)
        monkeypatch.undo()
    os.close(ours)


# --- certificates ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    home = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 "
        "-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out ca.pem"
    )
    subprocess.run(command.split(), check=True, capture_output=True, cwd=home)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home / "ca.pem", home / "key.pem")
    return context, str(home / "ca.pem")


def test_no_configuration_switches_the_check_off(tls, tmp_path):
    context, bundle = tls
    with Loopback(script(ANSWER), context) as server:
        config = {"rest": {"host": f"{server.url}opencga", "tlsAllowInvalidCertificates": True}}
        path = tmp_path / "client-configuration.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        for more in ({}, {"ca_bundle": bundle}):
            with biodata.connect(str(path), platform="opencga", token="t", **more) as there:
                there.client.configuration.tlsAllowInvalidCertificates = True
                if more:
                    there.client.meta.ping()
                    continue
                with pytest.raises(biodata.Unavailable, match="not trusted") as caught:
                    there.client.meta.ping()
                assert "ca_bundle" in (caught.value.hint or "")
                assert server.asked == []
        assert len(server.asked) == 1


def test_another_host_in_the_clients_configuration_is_not_gone_to(rig):
    client = rig.connect().client
    client.configuration.host = "http://127.0.0.1:1/opencga"
    client.configuration.token = "another"
    assert client.samples.search(limit=0, count=True).get_num_matches() == 17
