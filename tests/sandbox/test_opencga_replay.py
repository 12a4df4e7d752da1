"""The OpenCGA sandbox answers as the real server did: recordings are played against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.replay.__main__ import main
from tests.replay.known import known_differences
from tests.replay.opencga import OpencgaRules
from tests.replay.player import replay
from tests.replay.recording import exchanges_in

if TYPE_CHECKING:
    from pathlib import Path

EXPECTED = 321


def test_recordings(recordings: Path) -> None:
    verdicts = list(replay(OpencgaRules(), exchanges_in(recordings / "opencga")))
    known = known_differences("opencga")

    assert len(verdicts) >= EXPECTED
    assert [one for one in verdicts if not one.agrees and one.name not in known] == []
    assert [one.name for one in verdicts if one.agrees and one.name in known] == [], "no longer a difference"
    assert [one.name for one in verdicts if not one.status_agrees] == ["190-file-upload2"]
    assert len([one for one in verdicts if one.shape_agrees]) >= EXPECTED - 4


def test_known_differences_are_of_recordings(recordings: Path) -> None:
    assert known_differences("opencga") <= {one.name for one in exchanges_in(recordings / "opencga")}


def test_command_ends_well(recordings: Path) -> None:
    assert main(["opencga", str(recordings / "opencga")]) == 0
