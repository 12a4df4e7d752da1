"""YAML read strictly, with the line of everything.

Plain scalars mean what they look like: only `true` and `false` are booleans (`no`, `on` and `yes` stay text), a
number with a leading zero, a date and `1:30` stay text, a key must be text and may stand once.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from biodata.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import yaml

_TAG = "tag:yaml.org,2002:"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_QUOTED = re.compile(r"(?<= )'[^'<][^']+'")  # an unquoted password like *word is an alias to YAML, which repeats it
_HINTS = {
    "cannot start any token": "Indent with blanks, and put a value that begins with a special character in quotes",
    "alias": "Put a value that begins with * in quotes",
    "expected ',' or": 'Close the bracket, and put a value that holds {, [, : or , in quotes: "${env:NAME}"',
    "chomping": "What begins with a quote needs quotes around all of it: \"'a' || b\"",
    "mapping values are not allowed": "Check the indentation, and put a value that holds ': ' in quotes",
    "expected <block end>": "Check the indentation, and the quotes: around all of a value, \"'a' || b\"",
    "another document": "Keep one document in the file: no second '---'",
}


class Document:
    """A YAML file: its value, and where each part of it stands.

    Attributes:
        path: the file.
        value: dicts with text keys, lists, str, int, float, bool and None; None for an empty file.
    """

    def __init__(self, path: Path, value: Any, root: yaml.Node | None) -> None:
        self.path = path
        self.value = value
        self._root = root

    def position(self, at: Sequence[str | int] = ()) -> tuple[int, int]:
        """Line and column, from 1, of the part at a path of keys and indexes.

        A path that leads to nothing gives the deepest part of it that is there.
        """
        node = place = self._root
        for step in at:
            found = _step(node, step)
            if found is None:
                break
            place, node = found
        return (place.start_mark.line + 1, place.start_mark.column + 1) if place is not None else (1, 1)

    def line(self, at: Sequence[str | int] = ()) -> int:
        """The line of `position`."""
        return self.position(at)[0]

    def place(self, at: Sequence[str | int] = ()) -> str:
        """`file:line`, for messages."""
        return f"{self.path}:{self.line(at)}"


def load_yaml(path: Path) -> Document:
    """Read a YAML file.

    Raises:
        ConfigError: it is not there, not UTF-8, or not YAML as this module reads it; with file and line.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise _error(str(path), "the file is not UTF-8", "Save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", code="BD-CONFIG-FILE") from None
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> Document:
    """As `load_yaml`, for a text that stands for the file `path`."""
    import yaml

    try:
        root = yaml.compose(text, _loader())
        value = None if root is None else _Builder(path).build(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "not YAML"
        place = f"{path}:{mark.line + 1 if mark else 1}"
        raise _error(place, _QUOTED.sub("…", problem), _hint(problem)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _error(f"{path}:{line}", "a character that YAML does not allow", "Remove it") from None
    except RecursionError:
        raise _error(str(path), "nested too deeply", None) from None
    return Document(path, value, root)


class _Builder:
    """Makes values of nodes; an alias gives the same object, so that aliases cannot blow up."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: dict[int, Any] = {}
        self._open: set[int] = set()

    def build(self, node: yaml.Node) -> Any:
        if id(node) in self._made:
            return self._made[id(node)]
        if id(node) in self._open:
            raise self._refuse(node, "an alias that holds itself", "Write the value out")
        if not node.tag.startswith(_TAG) or node.tag.removeprefix(_TAG) not in {"str", "seq", "map"}:
            raise self._refuse(node, "a tag is not understood", "Put a value that begins with ! in quotes")
        self._open.add(id(node))
        self._made[id(node)] = value = self._value(node)
        return value

    def _value(self, node: yaml.Node) -> Any:
        import yaml

        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item) for item in node.value]
        quoted = isinstance(node, yaml.ScalarNode) and node.style
        return str(node.value) if quoted else _plain(node.value)

    def _mapping(self, node: yaml.Node) -> dict[str, Any]:
        seen: dict[str, int] = {}
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            line = key_node.start_mark.line + 1
            if key in seen:
                raise self._refuse(
                    key_node,
                    f"the key {key!r} stands twice, in lines {seen[key]} and {line}",
                    "Remove one of them",
                )
            seen[key] = line
            made[key] = self.build(value_node)
        return made

    def _key(self, node: yaml.Node) -> str:
        key = self.build(node)
        if not isinstance(key, str):
            raise self._refuse(node, "a key that is not text", "Put the key in quotes")
        return key

    def _refuse(self, node: yaml.Node, problem: str, hint: str) -> ConfigError:
        return _error(f"{self._path}:{node.start_mark.line + 1}", problem, hint)


@cache
def _loader() -> Any:
    """PyYAML's safe loader without YAML 1.1's implicit types."""
    import yaml

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - as the base class has it

    return Loader


def _plain(text: str) -> Any:
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _step(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """Where the next part of a path is written, and its node."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _hint(problem: str) -> str | None:
    return next((hint for part, hint in _HINTS.items() if part in problem), None)


def _error(place: str, problem: str, hint: str | None) -> ConfigError:
    return ConfigError(f"{place}: {problem}", code="BD-CONFIG-YAML", hint=hint)
