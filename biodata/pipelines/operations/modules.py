"""Functions of the user's, `module:name`: beside the pipeline file first, then where Python looks."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any

from biodata.errors import near_match
from biodata.pipelines.operations.base import unfit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

    from biodata.pipelines.operations.base import Surroundings
    from biodata.pipelines.spec import PythonCall

__all__ = ["function"]

CODE = "BD-PIPELINE-PYTHON"


def function(operation: PythonCall, around: Surroundings) -> Callable[[Any], Any]:
    """The function that `module:name` names; a module beside the pipeline file is run anew.

    Raises:
        QueryError: `BD-PIPELINE-PYTHON`, there is no such module or function, or the module cannot be imported.
    """
    call, file = operation.call, around.path(operation.path)
    module, _, name = call.partition(":")
    found = _beside(file, call) if file.is_file() else _installed(module, file, call)
    made: Callable[[Any], Any] | None = getattr(found, name, None)
    if callable(made):
        return made
    place = file if file.is_file() else f"the module {module}"
    near = near_match(name, [one for one in vars(found) if one[0] != "_" and callable(getattr(found, one))])
    problem = f"{name!r} in {place} is no function" if hasattr(found, name) else f"{place} has no function {name!r}"
    raise unfit(f"python {call}", problem + (f"; did you mean {near!r}?" if near else ""), CODE)


def _beside(file: Path, call: str) -> ModuleType:
    """The module of a file, under a name of its own: two pipelines may each have a `clean.py`."""
    name = f"biodata pipeline {file.resolve()}"
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise unfit(f"python {call}", f"{file} cannot be imported", CODE)
    module = sys.modules[name] = module_from_spec(spec)
    with _importing(call, str(file)), _first_on_path(file.parent):
        spec.loader.exec_module(module)
    return module


def _installed(module: str, file: Path, call: str) -> ModuleType:
    with _importing(call, f"the module {module}"):
        try:
            return import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                raise
    raise unfit(f"python {call}", f"there is no module {module!r}: neither {file} nor where Python looks", CODE)


@contextmanager
def _importing(call: str, what: str) -> Iterator[None]:
    """No record has been read yet, so that the words of an error hold no value of one."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever a stranger's module raises
        problem = f"{what} cannot be imported: {type(error).__name__}: {error}"
        raise unfit(f"python {call}", problem, CODE) from None


@contextmanager
def _first_on_path(directory: Path) -> Iterator[None]:
    """What the module imports at its top is found beside it too."""
    place = str(directory.resolve())
    sys.path.insert(0, place)
    try:
        yield
    finally:
        sys.path.remove(place)
