"""`python -m tests.replay PLATFORM DIRECTORY`: a JSON line an exchange, then one with totals."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.replay.known import known_differences
from tests.replay.player import replay
from tests.replay.recording import exchanges_in, exchanges_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.replay.player import Rules, Verdict


def rules_of(platform: str) -> Rules:
    """A platform's rules."""
    if platform == "molgenis":
        from tests.replay.molgenis import MolgenisRules

        return MolgenisRules()
    if platform == "opencga":
        from tests.replay.opencga import OpencgaRules

        return OpencgaRules()
    raise SystemExit(f"no replay for {platform} yet; there is one for gen3, molgenis, opencga")


def played(platform: str, directory: Path, first: Sequence[Path]) -> Iterator[Verdict]:
    """The verdict on each exchange; Gen3 has an order and a dictionary of its own to find first."""
    prepared = [one for path in first for one in exchanges_of(path)]
    if platform == "gen3":
        from tests.replay.gen3 import replay_directory

        return replay_directory(directory, prepared)
    return replay(rules_of(platform), exchanges_in(directory), prepared)


def totals(verdicts: Sequence[Verdict], known: frozenset[str]) -> dict[str, object]:
    """The last line: counts, the differences that are not known, and known ones that agree now."""
    return {
        "exchanges": len(verdicts),
        "agree": sum(one.agrees for one in verdicts),
        "status_agrees": sum(one.status_agrees for one in verdicts),
        "shape_agrees": sum(one.shape_agrees for one in verdicts),
        "known_differences": sum(not one.agrees and one.name in known for one in verdicts),
        "new_differences": [one.name for one in verdicts if not one.agrees and one.name not in known],
        "known_that_agree": [one.name for one in verdicts if one.agrees and one.name in known],
    }


def say(line: object) -> None:
    """A line of JSON on standard output, at once."""
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Play and print; 0 when no difference is new."""
    parser = argparse.ArgumentParser(prog="python -m tests.replay", description=__doc__)
    parser.add_argument("platform")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--first", type=Path, nargs="*", default=[], help="files that prepare the server")
    options = parser.parse_args(argv)
    if not options.directory.is_dir():
        say({"not_run": f"{options.directory} is not there"})
        return 0
    verdicts = []
    for verdict in played(options.platform, options.directory, options.first):
        verdicts.append(verdict)
        say(verdict._asdict())
    summary = totals(verdicts, known_differences(options.platform))
    say({"totals": summary})
    return 1 if summary["new_differences"] else 0


if __name__ == "__main__":
    sys.exit(main())
