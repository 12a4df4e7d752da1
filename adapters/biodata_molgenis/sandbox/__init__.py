"""A MOLGENIS classic server on loopback, faithful to recordings of 10.2.4 (protocols/molgenis.md).

`routes` says which path is whose, `answers*` give the shapes, `state` holds the data and the rules about users;
`rsql`, `rules`, `conditions` and `query` answer queries; `values`, `validation` and `writes` take rows in.
"""

from biodata_molgenis.sandbox.model import Attribute, EntityType
from biodata_molgenis.sandbox.platform import VIEWER, MolgenisSandbox
from biodata_molgenis.sandbox.state import State

__all__ = ["VIEWER", "Attribute", "EntityType", "MolgenisSandbox", "State"]
