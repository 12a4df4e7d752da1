"""What the state directory keeps of a pipeline between its runs, and which of it no run needs any more.

`memory/PIPELINE` has the hashes of what its steps have seen, and their key. `sync/PIPELINE.yml` is the file that
`biodata sync` wrote. All else is the journal's and the rejects'.
"""

from __future__ import annotations

import os
import shutil
from errno import EIO
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from biodata.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from biodata.pipelines.state.journal import Journal

__all__ = [
    "MADE_BY_SYNC",
    "Left",
    "contents_file",
    "kept_of",
    "left_over",
    "memory_directory",
    "pipelines_kept",
    "remove",
    "sync_directory",
]

CONTENTS = ".contents"
MADE_BY_SYNC = "made by biodata sync"


class Left(msgspec.Struct, frozen=True):
    """A file or directory that is kept of a pipeline.

    Attributes:
        steps: how many steps' hashes are in it; none in a sync's file.
    """

    pipeline: str
    path: Path
    steps: int = 0


def memory_directory(state: Path, pipeline: str) -> Path:
    """Where a pipeline keeps things between runs (`Binding.state`), below the state directory."""
    return state / "memory" / pipeline


def contents_file(step: str) -> str:
    """The name of the file with the hashes of what a step has seen."""
    return step + CONTENTS


def sync_directory(state: Path) -> Path:
    """Where `biodata sync` writes its pipeline files."""
    return state / "sync"


def pipelines_kept(state: Path) -> set[str]:
    """The names of the pipelines of which something is kept."""
    memories = {path.name for path in (state / "memory").glob("*") if path.is_dir()}
    return memories | {path.stem for path in sync_directory(state).glob("*.yml") if _is_ours(path)}


def kept_of(state: Path, pipeline: str) -> list[Left]:
    """All that is kept of one pipeline."""
    memory, sync = memory_directory(state, pipeline), sync_directory(state) / f"{pipeline}.yml"
    found = [Left(pipeline, memory, len(list(memory.glob(f"*{CONTENTS}"))))] if memory.is_dir() else []
    return [*found, Left(pipeline, sync)] if sync.is_file() and _is_ours(sync) else found


def left_over(
    journal: Journal, pipeline: str, until: datetime, gone: Collection[str], *, needed: bool = False
) -> Iterator[Left]:
    """What is kept of a pipeline, was not written to since `until`, and belongs to no run that the journal has.

    A step's hashes belong to every run that has the step: one that stopped may have to be taken up again.

    Args:
        journal: of the state directory.
        pipeline: its name.
        until: what is younger may be of a run that is about to begin.
        gone: ids of runs that do not count.
        needed: whether the file of a sync is needed although it has no run: its rejects are open, or it is about to
            be run.
    """
    runs = [run.id for run in journal.runs(pipeline) if run.id not in gone]
    steps = {step["name"] for run in runs for step in journal.steps(run)}
    for left in kept_of(journal.directory, pipeline):
        if left.path.is_dir() and runs:
            paths = (path for path in left.path.glob(f"*{CONTENTS}") if path.stem not in steps)
            yield from (Left(pipeline, path, 1) for path in paths if _is_old(path, until))
        elif not runs and not (needed and not left.path.is_dir()) and _is_old(left.path, until):
            yield left


def remove(path: Path) -> None:
    """Remove a file, or a directory with all that is in it; one that is not there is no matter.

    Raises:
        ConfigError: `BD-CONFIG-STATE`, it cannot be removed.
    """
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
            path.with_name(f".{path.name}.part").unlink()  # of a process that died while it wrote
    except FileNotFoundError:
        return
    except OSError as error:
        message = f"{error.filename or path} cannot be removed: {os.strerror(error.errno or EIO)}"
        raise ConfigError(message, code="BD-CONFIG-STATE") from None


def _is_ours(path: Path) -> bool:
    """Whether it is the very file that sync wrote: a copy under another name is somebody's own."""
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:  # removed by another process just now
        return False
    return MADE_BY_SYNC in "".join(lines[:1]) and f"name: {path.stem}" in lines


def _is_old(path: Path, until: datetime) -> bool:
    """Whether nothing of it was written to since."""
    try:
        times = [one.lstat().st_mtime for one in (path, *path.glob("*"))]
    except FileNotFoundError:  # another process is at work there
        return False
    return max(times) < until.timestamp()
