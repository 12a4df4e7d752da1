"""What is particular to recordings of MOLGENIS."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from biodata_molgenis.sandbox import MolgenisSandbox

if TYPE_CHECKING:
    from tests.replay.player import Player, Reply
    from tests.replay.recording import Exchange

TOKEN = "<TOKEN>"
LOGIN, LOGOUT = "/api/v1/login", "/api/v1/logout"


class MolgenisRules:
    """Tokens come from the login of the replay itself.

    Some exchanges are not shown, logins among them: where a recording goes on with a token after a logout, the
    replay logs in again, except where the recorded answer is that of a dead token.
    """

    platform = "molgenis"
    sandbox_class = MolgenisSandbox
    # 26 characters of base 32, as MOLGENIS makes them, and the hashes in the names of its search indexes
    generated = re.compile(r"\b[a-z2-7]{26}\b|(?<=_)[0-9a-f]{8}\b")
    ignored = frozenset({"buildDate", "startDate", "endDate"})

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self._alive = False

    def before(self, exchange: Exchange, player: Player) -> None:
        uses_token = TOKEN in exchange.target or TOKEN in exchange.headers.values()
        if uses_token and not self._alive and exchange.status != 401:
            body = json.dumps({"username": "admin", "password": "admin"}).encode()
            reply = player.send("POST", LOGIN, {"content-type": "application/json"}, body)
            self._learn(reply)

    def after(self, exchange: Exchange, reply: Reply) -> None:
        if exchange.target == LOGIN and reply.status == 200:
            self._learn(reply)
        if exchange.target == LOGOUT and reply.status == 200:
            self._alive = False

    def _learn(self, reply: Reply) -> None:
        self.secrets[TOKEN] = reply.body["token"]
        self._alive = True
