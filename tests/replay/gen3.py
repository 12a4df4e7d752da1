"""What is particular to recordings of Gen3: `replay_directory` plays a directory of them."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import tarfile
from typing import TYPE_CHECKING, Any

from biodata.sandbox import Clock, Faults, Sandbox
from biodata_gen3.sandbox import ADMIN, NOBODY, READER, Dictionary, Gen3Sandbox
from biodata_gen3.sandbox.fence import make_key
from tests.replay import player as base
from tests.replay.compare import Differences
from tests.replay.recording import Exchange, exchanges_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

TOKEN = "<JWT>"
DICTIONARY = "/_dictionary/_all"
_MORE = re.compile(r"\.\.\. (\d+) more( like these)?")
_CUT = re.compile(r"\d*\.\.\.\(cut, (\d+) characters\)")
_MESSAGE = re.compile(r'<p class="introduction">(.*?)</p>', re.DOTALL)
_TITLE = re.compile(r"<title>(.*?)</title>")
_GENERATED = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=at time: )\d+")
_SUFFIX = re.compile(r"(sdk-.*?)(?:-(\d))?$")


class Gen3Rules:
    """Tokens, ids and numbers of transactions are those of the recording.

    All tokens of the recordings read `<JWT>`: whose it was, and what was wrong with it, is read off the
    recorded answer. Ids that the sandbox makes while a request is under way are the recorded ones, because
    exports are ordered by them.
    """

    platform = "gen3"
    generated = _GENERATED
    ignored = frozenset({"created_datetime", "updated_datetime"})

    def __init__(self, dictionary: Dictionary | None, known_ids: dict[tuple[str, str], str]) -> None:
        self.secrets: dict[str, str] = {}
        self._dictionary = dictionary
        self._known_ids = known_ids
        self._ids: list[str] = []
        self._named: str | None = None
        self._number: int | None = None
        self._key = ""

    def sandbox_class(self, clock: Clock, faults: Faults, lifetime: float | None) -> Gen3Sandbox:
        self._past = clock.time() - 100
        self._sandbox = Gen3Sandbox(clock, faults, lifetime, dictionary=self._dictionary)
        state = self._state = self._sandbox.state
        state.users.grant(READER, "/programs/CGCI/projects/BLGSP", "read")
        new_id, named_id, next_transaction = state.new_id, state.named_id, state.next_transaction
        state.new_id = lambda: self._ids.pop(0) if self._ids else new_id()
        state.named_id = lambda name: self._named or named_id(name)
        state.next_transaction = lambda: self._number or next_transaction()
        return self._sandbox

    def before(self, exchange: Exchange, player: base.Player) -> None:
        report = exchange.answer if isinstance(exchange.answer, dict) else {}
        self._number = report.get("transaction_id")
        self._named = report.get("id") or next(iter(_ids_of(report, "project")), None)
        self._ids = self._new_ids(exchange, report)
        self.secrets = {TOKEN: self._secret(exchange)}

    def _new_ids(self, exchange: Exchange, report: dict[str, Any]) -> list[str]:
        docs = documents(exchange)
        if any(isinstance(one, str) for one in report.get("entities", ())):
            keys = [(doc["type"], doc["submitter_id"]) for doc in docs]
            listed = {
                key: one["id"] for key, one in zip(keys, report["entities"], strict=False) if isinstance(one, dict)
            }
            return [listed.get(key) or self._known_ids.get(key) or self._state.named_id(str(key)) for key in keys]
        pairs = zip(report.get("entities", ()), docs or [{}] * len(report.get("entities", ())), strict=False)
        return [one["id"] for one, doc in pairs if one.get("action") == "create" and not doc.get("id")]

    # tokens

    def _secret(self, exchange: Exchange) -> str:
        said = json.dumps(exchange.answer)
        if "access_token" in exchange.target and "authorization" not in exchange.headers:
            return self._api_key(exchange, said)
        return self._token(exchange, said)

    def _api_key(self, exchange: Exchange, said: str) -> str:
        state = self._state
        admin = state.users[ADMIN]
        if "Signature has expired" in said:
            return state.tokens.api_key(admin, 60, issued=self._past)[0]
        if "Signature verification failed" in said:
            return tampered(self._key)
        if "incorrect purpose" in said:
            return state.tokens.access(admin, 1000)
        if "expires-within" in exchange.name or "would expire after" in said:
            return make_key(state, admin, 1000)["api_key"]
        if "unknown-user" in exchange.name:
            return make_key(state, state.users[NOBODY])["api_key"]
        return self._key or make_key(state, admin)["api_key"]

    def _token(self, exchange: Exchange, said: str) -> str:
        tokens, now = self._state.tokens, self._state.clock.time()
        user = self._state.users[self._who(exchange)]
        if "Signature has expired" in said or "expired at time" in said:
            return tokens.access(user, 60, issued=self._past)
        if "not yet valid" in said:
            return tokens.access(user, 1000, issued=now + 30)
        if "cryptographic primitive" in said or "Signature verification" in said:
            return tampered(tokens.access(user, 1000))
        if ("enough segments" in said or "three parts" in said) and "  " not in exchange.headers.get(
            "authorization", ""
        ):
            return "abc"
        interactive = "credentials/api" in exchange.target and "missing required scopes" not in said
        return tokens.login(user) if interactive else tokens.access(user, 1000)

    def _who(self, exchange: Exchange) -> str:
        if exchange.target.startswith("/user/user") and isinstance(exchange.answer, dict):
            return str(exchange.answer.get("name", ADMIN))
        if "nobody" in exchange.name or "unknown-user" in exchange.name:
            return NOBODY
        reader = (
            any(word in exchange.name for word in ("reader", "nonadmin", "not-allowed")) or exchange.status == 403
        )
        return READER if reader else ADMIN

    def after(self, exchange: Exchange, reply: base.Reply) -> None:
        if isinstance(reply.body, dict) and reply.status == 200:
            self._key = reply.body.get("api_key", self._key)
            made = reply.body.get("api_key") or reply.body.get("access_token")
            self.secrets = {TOKEN: made} if made else self.secrets


def tampered(token: str) -> str:
    """The same with another signature."""
    return token[:-20] + ("A" * 20 if not token.endswith("A" * 20) else "B" * 20)


def documents(exchange: Exchange) -> list[dict[str, Any]]:
    """The records that a request submits."""
    kind, body = exchange.headers.get("content-type", ""), exchange.body
    if kind in ("text/tab-separated-values", "text/csv") and isinstance(body, str):
        rows = csv.DictReader(io.StringIO(body), delimiter="," if kind == "text/csv" else "\t")
        return [row for row in rows if row.get("type") or row.get("*type")]
    listed = body if isinstance(body, list) else [body]
    return [one for one in listed if isinstance(one, dict)]


def _ids_of(report: dict[str, Any], label: str) -> list[str]:
    return [one["id"] for one in report.get("entities", ()) if isinstance(one, dict) and one.get("type") == label]


# --- comparing -------------------------------------------------------------------------------------------------


class Unordered(Differences):
    """Rows of a query without an order are compared as a set, and so are the errors of one record.

    The first come in the order of a database's pages and joins, the second in that of the dictionary's source.
    """

    rows = False

    def _lists(self, recorded: list[Any], ours: list[Any], path: str) -> str | None:
        if (self.rows or path.endswith(".errors")) and len(recorded) == len(ours):
            recorded, ours = sorted(recorded, key=self._text), sorted(ours, key=self._text)
        return super()._lists(recorded, ours, path)

    def _text(self, value: Any) -> str:
        return json.dumps(value, sort_keys=True)


class Gen3Player(base.Player):
    """Plays exchanges, reading fence's pages and packed templates."""

    def __init__(self, rules: Gen3Rules, url: str) -> None:
        super().__init__(rules, url)
        self._differences = Unordered(rules.generated, rules.ignored, self.ids)

    def play(self, exchange: Exchange) -> base.Verdict:
        query = exchange.body.get("query") if isinstance(exchange.body, dict) else None
        self._differences.rows = isinstance(query, str) and "order_by" not in query
        decoded, base._decoded = base._decoded, decode
        try:
            return super().play(exchange)
        finally:
            base._decoded = decoded


def decode(content: bytes, headers: dict[str, str]) -> Any:
    """A body as the recordings show it."""
    if content[:2] == b"\x1f\x8b":
        return unpacked(content)
    text = content.decode("utf-8", "replace")
    if "json" in headers.get("content-type", "") and text:
        return json.loads(text)
    title = _TITLE.search(text)
    messages = _MESSAGE.findall(text)
    if title is not None and messages:
        return {"html_page": {"title": title[1], "messages": [plain(one) for one in messages]}}
    return text


def plain(text: str) -> str:
    return text.strip().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def unpacked(content: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {one.name: archive.extractfile(one).read().decode() for one in archive.getmembers()}


# --- reading the recordings --------------------------------------------------------------------------------------


def replay_directory(directory: Path, first: Iterable[Exchange] = ()) -> Iterator[base.Verdict]:
    """Play the recordings of a directory on a fresh sandbox that has their dictionary; `first` are not judged."""
    prepared = [converted(one) for one in sorted(first, key=moment)]
    exchanges = [converted(one) for one in sorted(exchanges_in(directory), key=moment)]
    rules = Gen3Rules(dictionary_of([*prepared, *exchanges]), known_ids([*prepared, *exchanges]))
    with Sandbox(("gen3",), bare=True, classes={"gen3": rules.sandbox_class}) as sandbox:
        player = Gen3Player(rules, sandbox.url("gen3"))
        for exchange in prepared:
            player.play(exchange)
        for exchange in exchanges:
            yield player.play(exchange)


def moment(exchange: Exchange) -> tuple[float, str, int]:
    """When it was made: those of the SDK came after 565, and the first of several has no number."""
    match = _SUFFIX.match(exchange.name)
    if match is None:
        number = re.match(r"\d+", exchange.name)
        return float(number[0]) if number else 0.0, exchange.name, 0
    return 565.5, match[1], int(match[2] or 1)


def converted(exchange: Exchange) -> Exchange:
    """With bodies as they were sent and answered, what the recording cut put in again where that can be done."""
    body, raw = exchange.body, False
    if isinstance(body, dict) and set(body) == {"json"}:
        body = whole(body["json"])
        if "NaN" in json.dumps(body):
            body, raw = json.dumps(body, separators=(",", ":")), True
    elif isinstance(body, dict) and set(body) == {"text"}:
        body, raw = body["text"], True
    answer = answered(exchange.answer)
    if "duplicate keys" in json.dumps(answer):
        body, raw = json.dumps(body)[:-1] + ", " + json.dumps(body)[1:], True
    cut = _CUT.search(exchange.target)
    target = exchange.target
    if cut is not None:
        target = target[: cut.start()].ljust(int(cut[1]), "0")
    return exchange._replace(body=body, raw=raw, answer=answer, target=target)


def answered(body: Any) -> Any:
    if isinstance(body, dict) and len(body) == 1:
        if "json" in body:
            return marked(body["json"])
        if "base64" in body:
            return unpacked(base64.b64decode(body["base64"]))
        if "omitted" in body:
            return "<omitted>"
        if "text" in body:
            return body["text"]
    return body


def marked(value: Any) -> Any:
    """What was left out is marked as the comparison knows it."""
    if isinstance(value, dict):
        return {key: marked(one) for key, one in value.items()}
    if isinstance(value, list):
        return [marked(one) for one in value]
    return _MORE.sub(r"<\1 more>", value) if isinstance(value, str) and _MORE.fullmatch(value) else value


def whole(body: Any) -> Any:
    """A list of records that goes on "like these"; the names go on counting, cases are followed by their samples."""
    if not isinstance(body, list) or not body or not isinstance(body[-1], str):
        return body
    shown, number = body[:-1], int(_MORE.fullmatch(body[-1])[1]) + len(body) - 1
    name, _, start = shown[0]["submitter_id"].rpartition("-")
    first = int(start)
    alike = [{**shown[0], "submitter_id": f"{name}-{first + at}"} for at in range(number)]
    return alike if shown[0]["type"] != "case" else alike[: number // 3] + samples(number // 3 * 2)


def samples(number: int) -> list[dict[str, Any]]:
    """The samples of 144, two of each case, as later answers show them."""
    return [
        {
            "type": "sample", "submitter_id": f"sample-{at}", "cases": {"submitter_id": f"case-{(at + 1) // 2}"},
            "sample_type": "Primary Tumor", "current_weight": at * 1.5, "is_ffpe": at % 2 == 0,
            "days_to_collection": at,
        }
        for at in range(1, number + 1)
    ]  # fmt: skip


def dictionary_of(exchanges: list[Exchange]) -> Dictionary | None:
    """The recorded dictionary, its node types in the server's order; None where no exchange shows it."""
    shown = [one for one in exchanges if one.status == 200 and isinstance(one.answer, dict)]
    raw = next((one.answer for one in shown if one.target.endswith(DICTIONARY)), None)
    if raw is None:
        return None
    listed = [one.answer for one in shown if one.target.rstrip("/").endswith("/_dictionary")]
    links = [link.rpartition("/")[2] for answer in listed[:1] for link in answer.get("links", [])]
    ordered = [name for name in links if name in raw]
    return Dictionary({name: raw[name] for name in (*ordered, *(one for one in raw if one not in ordered))})


def known_ids(exchanges: list[Exchange]) -> dict[tuple[str, str], str]:
    """(type, submitter_id) -> id, wherever an answer shows both."""
    found: dict[tuple[str, str], str] = {}
    submitted = [
        (doc["type"], doc["submitter_id"]) for one in exchanges for doc in documents(one) if taken_in(one, doc)
    ]
    for exchange in exchanges:
        if exchange.method == "DELETE" and cut_short(exchange):
            found |= deleted_ids(exchange, submitted)
        collect(exchange.answer, "", found)
        if isinstance(exchange.answer, str) and exchange.answer.startswith("type\tid\t"):
            for row in csv.DictReader(io.StringIO(exchange.answer), delimiter="\t"):
                found.setdefault((row["type"], row["submitter_id"]), row["id"])
    return found


def taken_in(exchange: Exchange, doc: dict[str, Any]) -> bool:
    """Whether a record was written."""
    return isinstance(exchange.answer, dict) and exchange.answer.get("success") is True and "submitter_id" in doc


def cut_short(exchange: Exchange) -> bool:
    """Whether the report does not list all records."""
    listed = exchange.answer.get("entities", ()) if isinstance(exchange.answer, dict) else ()
    return any(isinstance(one, str) for one in listed)


def deleted_ids(exchange: Exchange, submitted: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The ids of records whose upload is cut short, from the deletion of many: it names the first three."""
    shown = [(one["type"], one["unique_keys"][0]["submitter_id"]) for one in exchange.answer["entities"][:3]]
    ids = exchange.target.rpartition("/")[2].split(",")
    for listed in (list(dict.fromkeys(submitted)), sorted(dict.fromkeys(submitted))):
        starts = [at for at in range(len(listed)) if listed[at : at + 3] == shown]
        if starts:
            return dict(zip(listed[starts[0] :], ids, strict=False))
    return {}


def collect(value: Any, hint: str, found: dict[tuple[str, str], str]) -> None:
    if isinstance(value, list):
        for one in value:
            collect(one, hint, found)
    elif isinstance(value, dict):
        if isinstance(value.get("id"), str) and isinstance(value.get("submitter_id"), str):
            found.setdefault((value.get("type") or hint, value["submitter_id"]), value["id"])
        for key, one in value.items():
            collect(one, key, found)
