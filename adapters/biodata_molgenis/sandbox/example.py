"""The tables of an example pipeline, as EMX: the same files, zipped, can be imported into a real server."""

from __future__ import annotations

import io
import zipfile
from importlib.resources import files
from typing import TYPE_CHECKING

from biodata_molgenis.sandbox.http import Upload
from biodata_molgenis.sandbox.importer import import_file

if TYPE_CHECKING:
    from biodata_molgenis.sandbox.state import State

__all__ = ["import_example"]


def import_example(state: State, name: str) -> None:
    """Import the tables of an example and their rows through the importer."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file in files("biodata_molgenis.sandbox").joinpath("data", name).iterdir():
            archive.writestr(file.name, file.read_bytes())
    upload = Upload(f"{name}.zip", "application/zip", content.getvalue())
    with state.lock:
        import_file(state, upload, "ADD", "ADD")
