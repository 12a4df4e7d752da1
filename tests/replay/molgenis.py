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
    replay logs in again, except where the recorded answer is that of a dead token. Not shown are also those that
    added 12 thousand cities and one more before number 202, and the person d1 before 207; and 5000 of these cities
    before the recordings of the client, whose numbers have two digits.
    """

    platform = "molgenis"
    sandbox_class = MolgenisSandbox
    # 26 characters of base 32, as MOLGENIS makes them, and the hashes in the names of its search indexes
    generated = re.compile(r"\b[a-z2-7]{26}\b|(?<=_)[0-9a-f]{8}\b")
    ignored = frozenset({"buildDate", "startDate", "endDate"})

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self._alive = False
        self._waiting = [(3, 202, _cities), (3, 207, _person), (2, 2, _cities_of_the_client)]

    def before(self, exchange: Exchange, player: Player) -> None:
        self._log_in(exchange, player)
        number = re.match(r"\d{2,3}", exchange.name)
        for one in [one for one in self._waiting if number is not None and self._alive]:
            digits, first, prepare = one
            if number is not None and len(number[0]) == digits and int(number[0]) >= first:
                self._waiting.remove(one)
                prepare(player)

    def _log_in(self, exchange: Exchange, player: Player) -> None:
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


def _cities(player: Player) -> None:
    add(player, "rt_City", [{"code": "z", "name": "a city whose name is not known"}])
    _thousands(player, 12)


def _person(player: Player) -> None:
    add(player, "rt_Person", [{"id": "d1", "fullName": "D", "city": "ams", "visited": ["ams", "rtm"]}])


def _cities_of_the_client(player: Player) -> None:
    _thousands(player, 5)


def _thousands(player: Player, number: int) -> None:
    for batch in range(number):
        add(player, "rt_City", [{"code": f"c{batch}_{one}", "name": f"City {one}"} for one in range(1000)])


def add(player: Player, table: str, rows: list[dict[str, object]]) -> None:
    """Rows of exchanges that are not among the recordings; a part of the recordings may have no table for them."""
    headers = {"content-type": "application/json", "x-molgenis-token": TOKEN}
    player.send("POST", f"/api/v2/{table}", headers, json.dumps({"entities": rows}).encode())
