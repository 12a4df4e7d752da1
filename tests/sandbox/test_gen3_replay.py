"""The Gen3 sandbox answers as the real services did: recordings are played against it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.replay.gen3 import replay_directory
from tests.replay.known import known_differences
from tests.replay.recording import exchanges_of

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


def test_a_part_of_the_recordings(recordings: Path, tmp_path: Path) -> None:
    """Without those before it nothing agrees, and nothing breaks; with them, played first, all of it does."""
    for path in (recordings / "gen3").glob("14*.json"):
        shutil.copy(path, tmp_path)
    assert not any(one.agrees for one in replay_directory(tmp_path))
    before = [one for path in (recordings / "gen3").glob("1[0-3]*.json") for one in exchanges_of(path)]
    assert all(one.agrees for one in replay_directory(tmp_path, before))
