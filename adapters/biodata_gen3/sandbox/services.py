"""What the services around the graph hold: index documents, metadata, stored files, jobs (protocols/gen3.md, e).

They were read in their source and in what the official SDK sends; there are no recordings of their answers.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from biodata_gen3.sandbox.access import user_of
from biodata_gen3.sandbox.http import Answer, Ask, Failure, json_answer

if TYPE_CHECKING:
    from biodata_gen3.sandbox.state import State
    from biodata_gen3.sandbox.users import User

__all__ = ["PREFIX", "Services", "allowed", "number", "signed_url"]

PREFIX = "dg.biodata/"
DATA_UPLOAD, MDS_GATEWAY, SOWER = "/data_file", "/mds_gateway", "/sower"


class Services:
    """What the services hold, in the order in which it came.

    Attributes:
        documents: indexd's, by did.
        metadata: of the metadata service, by guid.
        aliases: alias -> guid.
        paths: what the metadata service has an index for.
        blobs: stored content by its path below `/blob`.
        jobs: by uid.
        job_output: action -> what a job of it gives.
    """

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.metadata: dict[str, dict[str, Any]] = {}
        self.aliases: dict[str, str] = {}
        self.paths: dict[str, None] = {}
        self.blobs: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.job_output: dict[str, str] = {}

    def new_guid(self) -> str:
        """A new identifier with the commons' prefix."""
        return f"{PREFIX}{uuid.uuid4()}"


def allowed(state: State, ask: Ask, method: str, resources: list[str]) -> User:
    """Somebody who holds a right on one of these.

    Raises:
        Failure: 403, in indexd's words.
    """
    user = user_of(state, ask)
    if user is None or not any(user.may(method, one) for one in resources):
        raise Failure(json_answer({"error": "Permission denied."}, 403))
    return user


def number(ask: Ask, name: str, usual: int, most: int) -> int:
    """A number among the query's parameters.

    Raises:
        Failure: 400, it is none, or too large.
    """
    given = ask.query.get(name)
    if given is None:
        return usual
    if not given.isdigit() or int(given) > most:
        raise Failure(json_answer({"error": f"{name} must be between 0 and {most}"}, 400))
    return int(given)


def signed_url(ask: Ask, path: str) -> str:
    """An address of the file store that needs no token, as its signature says who may."""
    return f"{ask.base}/blob/{path}?X-Amz-Expires=3600&X-Amz-Signature={uuid.uuid4().hex}"


def store(state: State, ask: Ask, path: tuple[str, ...]) -> Answer:
    """The file store behind signed addresses; one that also sends a token is refused, as S3 does."""
    if ask.authorization is not None:
        return Answer(400, b"<Error><Code>InvalidArgument</Code></Error>", "application/xml")
    if "X-Amz-Signature" not in ask.query:
        return Answer(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
    name, blobs = "/".join(path), state.services.blobs
    if ask.method == "PUT":
        blobs[name] = ask.body
        return Answer(200)
    if name not in blobs:
        return Answer(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")
    return Answer(200, blobs[name], "application/octet-stream")
