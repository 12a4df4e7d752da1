"""The tables of a connection as a graph: how many records each has, and which refers to which."""

from biodata.graph.model import Graph, Link, Node, graph_of

__all__ = ["Graph", "Link", "Node", "graph_of"]
