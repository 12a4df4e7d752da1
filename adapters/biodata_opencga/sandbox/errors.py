"""Refusals as the server words them: exception class, status, message (protocols/opencga.md, section 3)."""

from __future__ import annotations

__all__ = [
    "BadBody",
    "BadNumber",
    "Refusal",
    "bad_header",
    "bad_parameter",
    "catalog",
    "database",
    "denied",
    "duplicate",
    "illegal",
    "jersey",
    "parameter",
    "plain",
    "service",
    "storage",
    "unauthenticated",
]

_CATALOG = "org.opencb.opencga.catalog.exceptions."


class Refusal(Exception):
    """A thrown exception: one ERROR event at the top of the answer.

    Attributes:
        status: the HTTP status.
        class_name: the Java class; its last part is the event's name.
        echo_path: whether the answer's `params` hold those of the path.
    """

    def __init__(self, status: int, class_name: str, message: str, *, echo_path: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.class_name = class_name
        self.message = message
        self.echo_path = echo_path

    @property
    def event(self) -> dict[str, object]:
        """The event that says it."""
        name = self.class_name.rpartition(".")[2].rpartition("$")[2]
        return {"type": "ERROR", "code": 0, "id": self.class_name, "name": name, "message": self.message}


class BadBody(Exception):
    """A JSON body that the server's reader refuses: 400, the reader's own text, no envelope."""


class BadNumber(Exception):
    """A query parameter that should be a number: the servlet container's page, 500."""


def catalog(message: str) -> Refusal:
    """The catalogue refuses: 500."""
    return Refusal(500, _CATALOG + "CatalogException", message)


def database(message: str) -> Refusal:
    """The catalogue's database layer refuses: 500."""
    return Refusal(500, _CATALOG + "CatalogDBException", message)


def duplicate(which: str) -> str:
    """What the database's driver says of a key that its index has already (recording 030)."""
    error = f"WriteError{{code=11000, message='E11000 duplicate key error {which}', details={{}}}}"
    return f"com.mongodb.MongoWriteException: Write operation error on server 127.0.0.1:27717. Write error: {error}."


def parameter(message: str) -> Refusal:
    """A value of the body or query that cannot be: 500."""
    return Refusal(500, _CATALOG + "CatalogParameterException", message)


def denied(message: str) -> Refusal:
    """No permission: 403."""
    return Refusal(403, _CATALOG + "CatalogAuthorizationException", f"Permission denied. {message}")


def unauthenticated(message: str) -> Refusal:
    """A wrong password or a bad token: 401."""
    return Refusal(401, _CATALOG + "CatalogAuthenticationException", message)


def illegal(message: str) -> Refusal:
    """No token, or something that is none: 500."""
    return Refusal(500, "java.lang.IllegalArgumentException", message)


def storage(message: str) -> Refusal:
    """The catalogue's disk refuses: 500."""
    return Refusal(500, _CATALOG + "CatalogIOException", message)


def plain(message: str) -> Refusal:
    """A bare Exception: 500."""
    return Refusal(500, "java.lang.Exception", message)


def service(message: str) -> Refusal:
    """The REST layer refuses: 500."""
    return Refusal(500, "org.opencb.opencga.server.WebServiceException", message)


def bad_parameter(message: str) -> Refusal:
    """A query parameter out of its range: 404."""
    name = "org.glassfish.jersey.server.ParamException$QueryParamException"
    return Refusal(404, name, message, echo_path=False)


def bad_header() -> Refusal:
    """An Authorization header without `Bearer`: 400."""
    name = "org.glassfish.jersey.server.ParamException$HeaderParamException"
    return Refusal(400, name, "HTTP 400 Bad Request", echo_path=False)


def jersey(status: int) -> Refusal:
    """What the router says: no such path, verb or content type."""
    name, phrase = {
        404: ("NotFoundException", "Not Found"),
        405: ("NotAllowedException", "Method Not Allowed"),
        415: ("NotSupportedException", "Unsupported Media Type"),
    }[status]
    return Refusal(status, f"javax.ws.rs.{name}", f"HTTP {status} {phrase}", echo_path=False)
