"""The OpenCGA sandbox answers as the real server did: recordings are played against it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from biodata.sandbox import Sandbox
from tests.replay.__main__ import main
from tests.replay.compare import shape
from tests.replay.known import DIRECTORY, known_differences
from tests.replay.opencga import OpencgaRules, RecordedServer, store
from tests.replay.player import Player, replay
from tests.replay.recording import Exchange, exchanges_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXPECTED = 321


def test_recordings(recordings: Path) -> None:
    verdicts = list(replay(OpencgaRules(), exchanges_in(recordings / "opencga")))
    known = known_differences("opencga")

    assert len(verdicts) >= EXPECTED
    assert [one for one in verdicts if not one.agrees and one.name not in known] == []
    assert [one.name for one in verdicts if one.agrees and one.name in known] == [], "no longer a difference"
    assert [one.name for one in verdicts if not one.status_agrees] == []
    assert len([one for one in verdicts if one.shape_agrees]) >= EXPECTED - 3


def test_known_differences_are_of_recordings(recordings: Path) -> None:
    assert known_differences("opencga") <= {one.name for one in exchanges_in(recordings / "opencga")}


def test_command_ends_well(recordings: Path) -> None:
    assert main(["opencga", str(recordings / "opencga")]) == 0


def test_a_part_of_the_recordings(recordings: Path, tmp_path: Path) -> None:
    """Without those before it little agrees, and nothing breaks."""
    for path in (recordings / "opencga").glob("14*.json"):
        shutil.copy(path, tmp_path)
    before = [str(path) for path in sorted((recordings / "opencga").glob("*.json")) if path.name < "140"]
    assert main(["opencga", str(tmp_path)]) == 1
    assert main(["opencga", str(tmp_path), "--first", *before]) == 0


def test_what_pyopencga_read_from_the_real_server(recordings: Path) -> None:
    """Its reading requests, byte for byte; of an answer that is cut at 700 characters the status counts."""
    prepared = [one for one in exchanges_in(recordings / "opencga") if one.name < "401"]
    with Sandbox(("opencga",), bare=True, classes={"opencga": RecordedServer}) as sandbox:
        player = Player(OpencgaRules(), sandbox.url("opencga"))
        for exchange in prepared:
            player.play(exchange)
        store(player, [{"id": f"b{number:05}"} for number in range(1050)])
        judged = [_judged(player, path.stem, one) for path, one in _reads(recordings / "pyopencga")]
    assert len(judged) >= 20
    assert [problem for problem in judged if problem is not None] == []


def _reads(directory: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(directory.glob("real-*.json")):
        for one in json.loads(path.read_text(encoding="utf-8")).get("exchanges", ()):
            if one["method"] in ("GET", "HEAD"):
                yield path, one


def _judged(player: Player, name: str, recorded: dict[str, Any]) -> str | None:
    headers = {key.lower(): value for key, value in recorded["headers"].items()}
    exchange = Exchange(
        name=name,
        method=recorded["method"],
        target=recorded["path"],
        headers=headers,
        body=None,
        raw=True,
        status=recorded["status"],
        answer_headers={"content-type": recorded["response_content_type"] or ""},
        answer=None,
        directory=DIRECTORY,
    )
    player.rules.before(exchange, player)
    reply = player.send(exchange.method, exchange.target, headers, None)
    if reply.status != recorded["status"]:
        return f"{name}: {reply.status} for {recorded['status']}"
    try:
        whole = json.loads(recorded["response_head"])
    except ValueError:
        return None
    return None if shape(whole) == shape(reply.body) else f"{name}: another shape"
