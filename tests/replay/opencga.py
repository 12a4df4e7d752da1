"""What is particular to recordings of OpenCGA."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from biodata.sandbox import Clock
from biodata_opencga.sandbox import OpencgaSandbox, State
from biodata_opencga.sandbox.tokens import sign

if TYPE_CHECKING:
    from tests.replay.player import Player, Reply
    from tests.replay.recording import Exchange

RECORDED = datetime(2026, 11, 22, 4, 46, 22, tzinfo=UTC)  # filters by date in the recordings are of that day
SECRET = b"known to the replay, so that it can make tokens that are dead or tampered with"
PLACEHOLDER = re.compile(r"<JWT sub=(?P<sub>\w+) aud=(?P<aud>\w+)>")
LOGIN = "/users/login"
ROOT = "/webservices/rest/v2"
STUDY = "demo@proj1:study1"


class RecordedServer(OpencgaSandbox):
    """The server behind the recordings: 3.4.0 without the tool that draws pedigrees, and without a daemon."""

    def new_state(self) -> State:
        """An empty server."""
        commit = "702238de19858e0ffb590b8d019c3c079df3be45"
        options: dict[str, Any] = {"version": "3.4.0", "commit": commit, "secret": SECRET, "draws_pedigrees": False}
        return State(Clock(RECORDED), self.token_lifetime, job_seconds=None, **options)


class OpencgaRules:
    """Tokens stand as `<JWT sub= aud=>` in the recordings, dead and tampered ones too: the answer says which.

    Samples were stored between the recorded exchanges: s3 to s15 before number 053, the b and g ones before 401.
    """

    platform = "opencga"
    sandbox_class = RecordedServer
    generated = re.compile(
        r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
        r"|\d{14}\.[0-9A-Za-z]{6}\b"
        r"|https?://[a-z]+\.(?:example|zettagenomics\.com)"
    )
    ignored = frozenset(
        {
            "time", "date", "creationDate", "modificationDate", "lastModified", "registrationDate", "expirationDate",
            "dueDate",
        }
    )  # fmt: skip

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self._waiting = [(53, _store_s), (401, _store_many)]

    def before(self, exchange: Exchange, player: Player) -> None:
        number = int(exchange.name[:3]) if exchange.name[:3].isdigit() else 0
        while self._waiting and number >= self._waiting[0][0]:
            self._waiting.pop(0)[1](player)
        said = json.dumps(exchange.answer)
        for match in PLACEHOLDER.finditer(json.dumps([exchange.target, exchange.headers, exchange.body])):
            self.secrets[match[0]] = _token(match["sub"], match["aud"], said)

    def after(self, exchange: Exchange, reply: Reply) -> None:
        if LOGIN in exchange.target and reply.status == 200:
            token = reply.body["responses"][0]["results"][0]["token"]
            placeholder = PLACEHOLDER.search(json.dumps(exchange.answer))
            assert placeholder is not None, exchange.name
            self.secrets[placeholder[0]] = token


def _token(user: str, organization: str, said: str) -> str:
    """A token that earns the recorded answer."""
    now = int(RECORDED.timestamp())
    ends = now - 60 if "token is expired" in said else now + 3600
    claims: dict[str, Any] = {"sub": user, "aud": organization, "iat": now, "exp": ends}
    if organization == "None":
        del claims["aud"]
    return sign(claims, b"another" if "Invalid authentication token" in said else SECRET)


def _store_s(player: Player) -> None:
    store(player, [{"id": f"s{n}", "description": f"d{n}", "somatic": n % 2 == 0} for n in range(3, 16)])


def _store_many(player: Player) -> None:
    store(player, [{"id": f"b{n:05}"} for n in range(1050)])
    store(
        player,
        [
            {
                "id": f"g{n}",
                "description": f"desc {n}",
                "phenotypes": [{"id": f"P:{n}", "name": f"Pheno {n}", "source": "X"}],
                "collection": {"type": f"t{n % 2}"},
                "processing": {"labSampleId": f"lab-{n}"},
            }
            for n in range(1, 6)
        ],
    )


def store(player: Player, samples: list[dict[str, Any]]) -> None:
    """Samples that are there already are left alone; a part of the recordings may have no study for them."""
    for sample in samples:
        _send(player, f"/samples/create?study={STUDY}", "application/json", json.dumps(sample).encode())


def _send(player: Player, path: str, content_type: str, body: bytes) -> None:
    headers = {"authorization": f"Bearer {_token('alice', 'demo', '')}", "content-type": content_type}
    reply = player.send("POST", ROOT + path, headers, body)
    said = json.dumps(reply.body)
    assert reply.status == 200 or re.search("already exists|No study found|Could not find database", said), said
