"""A Gen3 data commons on loopback, faithful to recordings of fence 13.3, sheepdog 5.2 and peregrine 3.2.

`routes` says which path is whose; `fence`, `sheepdog` and `peregrine` are the services; `state` holds the data,
`dictionary` the node types, `users`, `tokens` and `access` who may do what; `programs`, `upload`, `deletion`,
`export` and `templates` are what sheepdog does; `graph`, `resolve`, `filters` and `words` are peregrine's schema,
answers, queries and errors; `guppy`, `guppy_graph`, `elastic` and `indices` are the flat search; `services` is what
the services around the graph hold: `indexd`, `metadata` and `jobs`, which also has files and workspaces.
"""

from biodata_gen3.sandbox.dictionary import Dictionary
from biodata_gen3.sandbox.platform import PROGRAM, PROJECT, Gen3Sandbox
from biodata_gen3.sandbox.state import State
from biodata_gen3.sandbox.users import ADMIN, NOBODY, READER

__all__ = ["ADMIN", "NOBODY", "PROGRAM", "PROJECT", "READER", "Dictionary", "Gen3Sandbox", "State"]
