"""Terms of ontologies by the Bioregistry: prefixes in any spelling, addresses, and what a local id looks like.

The registry comes with its package and is asked on this computer alone. Whether a term exists is not in it; only
whether it could: `HP:0001250` has seven digits.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from functools import cache
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from biodata.errors import near_match
from biodata.pipelines.operations.base import unfit
from biodata.pipelines.packages import needed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Terms", "registry_version"]

USUAL = ("hp", "orphanet", "icd10", "omim", "snomedct", "loinc", "mondo", "ncit", "atc", "hgnc", "mesh")
JOINED = re.compile(r"([^\W\d_]+)(\d.*)")
HOMES = ("PYSTOW_HOME", "PYSTOW_CONFIG_HOME")


class Terms:
    """The terms of some prefixes, or of all that are registered.

    Attributes:
        prefixes: in their standard spelling, `HP`; empty where all are allowed.
    """

    def __init__(self, prefixes: Sequence[str]) -> None:
        """Look the prefixes up.

        Raises:
            ConfigError: `BD-PIPELINE-PACKAGE`, the registry is not installed.
            QueryError: `BD-PIPELINE-PREFIX`, a prefix is not registered.
        """
        self._registry = _registry()
        self._allowed = {resource.prefix: resource for resource in map(self._resource, prefixes)}
        self.prefixes = tuple(_spelt(resource) for resource in self._allowed.values())

    def _resource(self, prefix: str) -> Any:
        resource = self._registry.get_resource(prefix)
        if resource is None:
            near = near_match(prefix, USUAL) or near_match(prefix, self._registry.registry)
            hint = f"; did you mean {near!r}?" if near else f"; much used are {', '.join(USUAL)}"
            raise unfit("ontology", f"the prefix {prefix!r} is not registered{hint}", "BD-PIPELINE-PREFIX")
        return resource

    def curie(self, text: str) -> str | None:
        """The standard CURIE of a term: `hp_0001250` and its address are `HP:0001250`; None for what is no term."""
        for resource, local, sure in self._readings(text):
            known = self._local(resource, local, sure=sure)
            if known is not None:
                return f"{_spelt(resource)}:{known}"
        return None

    def _readings(self, text: str) -> Iterator[tuple[Any, str, bool]]:
        """(prefix, local id, whether the text says that it is a term) of each way to read a text."""
        if "://" in text:
            prefix, local = self._registry.parse_uri(text)
            yield from self._named(prefix, local, sure=True)
            return
        for mark in (":", "_", " "):
            prefix, there, local = text.partition(mark)
            if there:
                yield from self._named(prefix.strip(), local.strip(), sure=mark == ":")
        joined = JOINED.fullmatch(text) if self._allowed else None
        if joined:
            yield from self._named(joined[1], joined[2], sure=False)
        if len(self._allowed) == 1:
            yield from ((resource, text, False) for resource in self._allowed.values())

    def _named(self, prefix: str | None, local: str | None, *, sure: bool) -> Iterator[tuple[Any, str, bool]]:
        """The prefix where it is allowed; one that only has another name for the same addresses is that one."""
        resource = self._registry.get_resource(prefix) if prefix and local else None
        if resource is None or local is None:
            return
        canonical: Any = self._registry.get_resource(resource.has_canonical) if resource.has_canonical else None
        same = canonical is not None and canonical.get_uri_prefix() == resource.get_uri_prefix()
        for one in (canonical, resource) if same else (resource,):
            if not self._allowed or one.prefix in self._allowed:
                yield one, resource.standardize_identifier(local), sure

    def _local(self, resource: Any, local: str, *, sure: bool) -> str | None:
        """The local id in its standard spelling, where it is one by the registry's pattern.

        Without a pattern any word will do where the text is a CURIE or an address.
        """
        pattern = resource.get_pattern()
        plain = resource.standardize_identifier(local)
        if pattern is None:
            return plain if sure and re.fullmatch(r"\S+", plain) else None
        return next((one for one in (plain, plain.upper()) if re.fullmatch(pattern, one)), None)


def _spelt(resource: Any) -> str:
    return str(resource.get_preferred_prefix() or resource.prefix)


def registry_version() -> str:
    """Which registry it is: `bioregistry 0.15.6`."""
    from importlib.metadata import version

    return f"bioregistry {version('bioregistry')}"


@cache
def _registry() -> Any:
    """The registry; it takes a second or two and 90 MB, and 60 MB more with the first address."""
    with _no_directories():
        return needed("bioregistry", "`ontology`").manager


@contextmanager
def _no_directories() -> Iterator[None]:
    """The registry makes directories for downloads in the user's home when it is imported; ours never downloads."""
    before = {name: os.environ.get(name) for name in HOMES}
    with TemporaryDirectory() as directory:
        os.environ.update(dict.fromkeys(HOMES, directory))
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                os.environ.update({name: value} if value is not None else {})
