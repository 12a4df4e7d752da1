"""Every method of pyopencga's resource clients against a server that writes down what it is asked."""

from __future__ import annotations

import csv
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import msgspec
import pytest

import biodata
from biodata.adapter import Context
from biodata.config.settings import settings_from_values
from biodata_opencga.adapter import OpencgaAdapter
from tests.core.loopback import Answer, Loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDPOINTS = Path(__file__).parents[4] / "shared" / "protocols" / "opencga-endpoints.tsv"
NOT_WIRED = "user_tools"
CHANGING_GETS = {"samples.load", "files.refresh", "users.reset_password", "admin.index_stats_catalog"}
READING_POSTS = {"users.login", "users.anonymous", "ga4gh.search_reads", "ga4gh.search_variants"}
DELETING_POSTS = {
    f"operations.{word}_variant{rest}"
    for word, rest in (
        ("delete", ""),
        ("prune", ""),
        ("delete", "_sample"),
        ("delete", "_stats"),
        ("delete", "_study"),
    )
}
EMPTY = msgspec.json.encode({"events": [], "responses": [{"events": [], "numResults": 0, "results": []}]})


class Recorder(NamedTuple):
    """The server, and clients with each access."""

    server: Loopback
    clients: dict[str, Any]


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with Loopback(lambda _: Answer(body=EMPTY, headers={"Content-Type": "application/json"})) as server:
        clients = {access: _client(server.url, access) for access in ("read", "write", "delete")}
        assert server.asked == []
        yield Recorder(server, clients)


def _client(url: str, access: Any) -> Any:
    settings = settings_from_values(OpencgaAdapter.Settings, {"url": url + "opencga", "token": "t"})
    return OpencgaAdapter.open(settings, Context(profile="omics", access=access)).client


def _methods(client: Any) -> dict[str, Any]:
    """`samples.info` -> the bound method, for each that the installed version has."""
    found = {}
    for name, resource in vars(client).items():
        if hasattr(type(resource), "_rest_retry"):
            words = [word for word in dir(resource) if word[0] != "_" and inspect.ismethod(getattr(resource, word))]
            found |= {f"{name}.{word}": getattr(resource, word) for word in words}
    return found


def _path(method: Any) -> str:
    """What pyopencga itself says of the method: `/{apiVersion}/samples/{samples}/info`."""
    return re.search(r"PATH: (\S+)", method.__doc__)[1]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _arguments(method: Any) -> dict[str, Any]:
    """A value for each parameter that has a name: odd ones, so that encoding shows."""
    names = [one for one in inspect.signature(method).parameters.values() if one.kind is not one.VAR_KEYWORD]
    return {one.name: {"body": one.name} if one.name == "data" else f"{one.name} &#+%/?" for one in names}


def _upload(method: Any, file: str) -> dict[str, str]:
    return {"file": file} if _path(method).endswith("/upload") else {}


def _expected(path: str, arguments: dict[str, Any]) -> str:
    filled = re.sub(r"\{(\w+)\}", lambda one: quote(str(arguments[_snake(one[1])]), safe=""), _wire(path))
    return f"/opencga/webservices/rest/v2/{filled}"


def _wire(path: str) -> str:
    return path.removeprefix("/{apiVersion}/")


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "up.txt"
    path.write_text("hello\n", encoding="utf-8")
    return str(path)


def test_every_method_of_the_installed_version_goes_where_it_says(recorder, file, capfd):
    methods = _methods(recorder.clients["delete"])
    assert len(methods) > 250
    for name, method in methods.items():
        arguments = _arguments(method)
        recorder.server.asked.clear()
        method(**arguments, **_upload(method, file))
        (asked,) = recorder.server.asked
        target = urlsplit(asked.path)
        assert target.path == _expected(_path(method), arguments), name
        anonymous = _path(method).endswith(("/login", "/anonymous"))
        assert asked.headers.get("authorization") == (None if anonymous else "Bearer t"), name
        assert asked.body == b"" or "data" in arguments or _path(method).endswith("/upload"), name
        in_path = {_snake(one) for one in re.findall(r"\{(\w+)\}", _path(method))}
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        for given, value in arguments.items():
            if given not in in_path | {"data"}:
                assert query.pop(re.sub(r"_(\w)", lambda one: one[1].upper(), given)) == value, name
        assert set(query) <= {"skip", "limit", "sort", "order"}, name
    assert capfd.readouterr() == ("", "")


def test_access_is_held_for_every_method(recorder, file):
    methods = {access: _methods(client) for access, client in recorder.clients.items()}
    for name, method in methods["delete"].items():
        recorder.server.asked.clear()
        method(**_arguments(method), **_upload(method, file))
        verb = recorder.server.asked[0].method
        needed = _needed(name.replace("variant_operations.", "operations."), verb)
        for access in ("read", "write"):
            recorder.server.asked.clear()
            if ("read", "write", "delete").index(needed) <= ("read", "write").index(access):
                methods[access][name](**_arguments(method), **_upload(method, file))
                continue
            with pytest.raises(biodata.PermissionDenied) as caught:
                methods[access][name](**_arguments(method))
            assert (caught.value.code, caught.value.profile) == ("BD-ACCESS", "omics")
            assert recorder.server.asked == [], name


@pytest.mark.parametrize("lost", [Answer(status=504), Answer(drop=True)], ids=["504", "dropped"])
def test_no_method_that_changes_something_is_sent_twice(recorder, file, lost):
    with Loopback(lambda _: lost) as server:
        sent = 0
        for name, method in _methods(_client(server.url, "delete")).items():
            recorder.server.asked.clear()
            _methods_by_name(recorder, name)(**_arguments(method), **_upload(method, file))
            if _needed(name.replace("variant_operations.", "operations."), recorder.server.asked[0].method) == "read":
                continue
            server.asked.clear()
            with pytest.raises(biodata.Unavailable) as caught:
                method(**_arguments(method), **_upload(method, file))
            assert (len(server.asked), caught.value.maybe_sent) == (1, True), name
            sent += 1
    assert sent > 150


def _methods_by_name(recorder: Recorder, name: str) -> Any:
    client, _, method = name.partition(".")
    return getattr(getattr(recorder.clients["delete"], client), method)


def _needed(name: str, verb: str) -> str:
    if verb == "DELETE" or name in DELETING_POSTS:
        return "delete"
    reads = name not in CHANGING_GETS if verb == "GET" else name in READING_POSTS
    return "read" if reads else "write"


# --- the table of all methods of 5.0 ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table() -> list[dict[str, str]]:
    from importlib.metadata import version

    if not ENDPOINTS.is_file():
        pytest.skip(f"not run: {ENDPOINTS} is not there")
    if not version("pyopencga").startswith("5."):
        pytest.skip("not run: the table is of pyopencga 5")
    with ENDPOINTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _params(row: dict[str, str]) -> dict[str, str]:
    """Wire name -> what the table says of it."""
    column = next(value for key, value in row.items() if key.startswith("params"))
    return dict(one.partition(":")[::2] for one in re.split(r";(?![^{]*\})", column) if one)


def test_the_table_and_the_client_have_the_same_methods(recorder, table):
    listed = {f"{_attribute(row)}.{row['python_method']}" for row in table}
    installed = {name for name in _methods(recorder.clients["read"]) if not name.startswith("variant_operations.")}
    assert len(table) == len(listed) == 328
    assert installed == listed


def _attribute(row: dict[str, str]) -> str:
    return NOT_WIRED if row["client_attr"] == "(not wired)" else row["client_attr"]


def test_every_row_of_the_table_with_all_its_parameters(recorder, table, file):
    for row in table:
        name = f"{_attribute(row)}.{row['python_method']}"
        method = _methods_by_name(recorder, name)
        params = _params(row)
        in_path = set(re.findall(r"\{(\w+)\}", row["path"])) - {"apiVersion"}
        body = params.pop("data", None)
        uploads = params.get("file") == "inputstream"
        if uploads:
            del params["file"]
        given = {_snake(one): "3" if one in {"skip", "limit"} else f"{one} &#+%/?" for one in params}
        recorder.server.asked.clear()
        method(**given, **({"data": {"id": "x"}} if body else {}), **({"file": file} if uploads else {}))
        (asked,) = recorder.server.asked
        target = urlsplit(asked.path)
        assert asked.method == row["verb"], name
        assert target.path == _expected(row["path"], given), name
        assert msgspec.json.decode(asked.body) == {"id": "x"} if body else uploads or asked.body == b"", name
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        sent = _fields(asked.body) if uploads else query
        assert {one: sent.get(one) for one in params if one not in in_path} == {
            one: given[_snake(one)] for one in params if one not in in_path
        }, name
        assert set(query) - set(params) <= {"skip", "limit"}, name


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a form."""
    text = body.decode("utf-8")
    return {unquote(name): value for name, value in re.findall(r'; name="(\w+)"\r\n\r\n(.*?)\r\n--', text, re.DOTALL)}
