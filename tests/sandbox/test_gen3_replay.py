"""The Gen3 sandbox answers as the real services did: recordings are played against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.replay.gen3 import replay_directory
from tests.replay.known import known_differences

if TYPE_CHECKING:
    from pathlib import Path


def test_gen3_recordings(recordings: Path) -> None:
    verdicts = list(replay_directory(recordings / "gen3"))
    known = known_differences("gen3")
    assert len(verdicts) >= 384
    assert [one for one in verdicts if not one.agrees and one.name not in known] == []
    assert [one.name for one in verdicts if one.agrees and one.name in known] == [], "no longer a difference"
    assert all(one.status_agrees for one in verdicts)
    assert known <= {one.name for one in verdicts}
