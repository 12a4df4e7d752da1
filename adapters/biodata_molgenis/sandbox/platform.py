"""The MOLGENIS sandbox as the harness runs it, and its demo data."""

from __future__ import annotations

import csv
import os
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

from biodata.sandbox import Clock, Faults, SandboxPlatform
from biodata_molgenis.sandbox.example import import_example
from biodata_molgenis.sandbox.model import Attribute
from biodata_molgenis.sandbox.routes import Application
from biodata_molgenis.sandbox.state import ADMIN, State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from wsgiref.types import WSGIApplication

__all__ = ["VIEWER", "MolgenisSandbox"]

VIEWER = "viewer"


class MolgenisSandbox(SandboxPlatform):
    """A MOLGENIS classic server (REST v1, v2, v3, importer) in memory.

    Users: `admin` with password `admin`; when seeded also `viewer` with password `viewer`, who may read the demo
    tables and nothing else.

    Args:
        clock, faults, token_lifetime: as for every sandbox.
        example: of which pipeline the tables are there too, when seeded: `biobank`.
    """

    platform: ClassVar[str] = "molgenis"
    options: ClassVar[frozenset[str]] = frozenset({"example"})

    def __init__(
        self,
        clock: Clock | None = None,
        faults: Faults | None = None,
        token_lifetime: float | None = None,
        *,
        example: str | None = None,
    ) -> None:
        # An empty Faults is false, and still the one that the server looks at.
        super().__init__(clock or Clock(), Faults() if faults is None else faults, token_lifetime)
        self._example = example
        self.state = State(self.clock, token_lifetime)
        self._application = Application(self.state)

    @property
    def application(self) -> WSGIApplication:
        """The server's WSGI application."""
        return self._application

    def seed(self) -> None:
        """Add `ASE` and `SampleAse` with their real rows, `persons` with made ones, and the user `viewer`."""
        self.state.create_table("ASE", _ase(), description="Allele-specific expression by SNP")
        self.state.create_table("SampleAse", _sample_ase(), description="Allele counts by SNP and sample")
        self.state.create_table(
            "persons", _persons(), description="Some of pedigree 1463; phenotypes made for the demo"
        )
        self.state.add_user(VIEWER, VIEWER)
        for table in ("ASE", "SampleAse", "persons"):
            self.state.add_rows(table, _demo_rows(table))
            self.state.grant(VIEWER, table, "read")
        if self._example:
            import_example(self.state, self._example)

    def entry(self, url: str, directory: Path) -> dict[str, str]:  # noqa: ARG002 - no file is needed
        """`url`, `username` and `password` of the administrator."""
        return {"url": url, "username": ADMIN, "password": self.state.passwords[ADMIN]}

    def profile(self, entry: dict[str, str], directory: Path) -> dict[str, Any]:
        """A profile with all access; the password goes to a file of its own (0600)."""
        secret = directory / "molgenis.password"
        descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(entry["password"])
        return {
            "platform": "molgenis",
            "url": entry["url"],
            "username": entry["username"],
            "password": f"${{file:{secret}}}",
            "access": "delete",
        }


def _ase() -> Iterable[Attribute]:
    yield Attribute(name="SNP_ID", is_id=True, description="dbSNP identifier")
    yield Attribute(name="Chr", description="Chromosome")
    yield Attribute(name="Pos", type="int", description="Position on the chromosome")
    yield Attribute(name="Reference_allele")
    yield Attribute(name="Alternative_allele")
    yield Attribute(name="Samples", description="Number of samples, as text")
    yield Attribute(name="Fraction_alternative_allele", type="decimal")
    yield Attribute(name="Likelihood_ratio_test_D", type="decimal")
    yield Attribute(name="P_Value", type="decimal")


def _sample_ase() -> Iterable[Attribute]:
    yield Attribute(name="ID", is_id=True)
    yield Attribute(name="SNP_ID", type="xref", ref="ASE")
    yield Attribute(name="Chromosome")
    yield Attribute(name="Position", type="int")
    yield Attribute(name="Ref_Counts", description="Reads with the reference allele, as text")
    yield Attribute(name="Alt_Counts", description="Reads with the alternative allele, as text")


def _persons() -> Iterable[Attribute]:
    yield Attribute(name="id", is_id=True, description="Coriell identifier")
    yield Attribute(name="sex", type="enum", enum_options=("m", "f"))
    yield Attribute(name="height_cm", type="int", description="Body height in cm; made for the demo")
    yield Attribute(name="smoker", type="bool", description="Made for the demo")
    yield Attribute(name="glucose_mmol_l", type="decimal", description="Fasting glucose in mmol/l; made for the demo")
    yield Attribute(name="examined", type="date", description="Day of the examination; made for the demo")


def _demo_rows(table: str) -> list[dict[str, str]]:
    text = files("biodata_molgenis.sandbox").joinpath("data", f"{table}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
