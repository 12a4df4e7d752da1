"""The transport's exceptions, as our errors.

The transport's own texts hold addresses with query values, so they are never quoted nor chained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import BiodataError, ConfigError, ProtocolError, Unavailable
from biodata.http.bodies import CutBody

if TYPE_CHECKING:
    from collections.abc import Iterator


class NoAnswer(Exception):
    """No whole answer came; carries the error that users see, and what is known about the request.

    Attributes:
        error: to be raised when the request is not sent again.
        maybe_sent: the platform may have acted on the request.
        retry: another try could help.
    """

    def __init__(self, error: BiodataError, *, maybe_sent: bool, retry: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.maybe_sent = maybe_sent
        self.retry = retry


def was_maybe_sent(error: BaseException) -> bool:
    """Whether the platform may have acted on a request that ended in `error`.

    True for a write whose answer got lost (`error.maybe_sent`): look up what arrived before sending it again.
    """
    return bool(getattr(error, "maybe_sent", False))


def mark_maybe_sent(error: BiodataError, *, maybe_sent: bool | None) -> BiodataError:
    """Set `error.maybe_sent`, and say it in the hint."""
    vars(error)["maybe_sent"] = maybe_sent
    if maybe_sent:
        error.hint = error.hint or "The write may have arrived: look before sending it again"
    return error


def no_answer(failure: BaseException, host: str, asked: str) -> NoAnswer:
    """What an exception of requests or urllib3 means.

    Args:
        failure: as caught.
        host: host and port of the base URL.
        asked: the request as `Request.describe()` gives it.
    """
    import ssl

    causes = list(_causes(failure))
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _never(_untrusted(host, cause.verify_message))
    for known, message, code, hint, retry in _UNSENT:
        if names & known:
            error = Unavailable(message.format(host=host), code=code, hint=hint)
            return NoAnswer(error, maybe_sent=False, retry=retry)
    if names & {"InvalidURL", "LocationParseError", "InvalidHeader", "UnicodeError"}:
        return _never(ConfigError(f"The address of or token for {host} has a character that is not allowed"))
    if any(isinstance(cause, OSError) and "CA certificate" in str(cause) for cause in causes):
        return _never(ConfigError("The file named by ca_bundle or REQUESTS_CA_BUNDLE is not there", hint=_CA))
    return _lost(names, host, asked)


def _lost(names: set[str], host: str, asked: str) -> NoAnswer:
    error: BiodataError
    if names & {"ReadTimeoutError", "ReadTimeout", "TimeoutError"}:
        error = _unavailable(f"{host} did not answer {asked} in time", "BD-REMOTE-TIMEOUT", _SLOW)
    elif names & {"IncompleteRead", CutBody.__name__}:
        error = ProtocolError(f"The answer of {host} to {asked} is cut", code="BD-REMOTE-CUT")
    elif "SSLError" in names:
        error = _unavailable(f"The TLS connection to {host} broke", "BD-REMOTE-TLS", _TLS)
    else:
        error = _unavailable(f"{host} closed the connection during {asked}", "BD-REMOTE-LOST", None)
    return NoAnswer(error, maybe_sent=True, retry=True)


def _never(error: BiodataError) -> NoAnswer:
    return NoAnswer(error, maybe_sent=False, retry=False)


def _unavailable(message: str, code: str, hint: str | None) -> Unavailable:
    return Unavailable(message, code=code, hint=hint)


def _untrusted(host: str, why: str) -> Unavailable:
    return _unavailable(f"The certificate of {host} is not trusted: {why}", "BD-REMOTE-TLS", _CA)


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """The exception and all that it holds: requests hides the cause in `args`, urllib3 in `reason`."""
    waiting, seen = [failure], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inside = (*one.args, one.__cause__, getattr(one, "reason", None))
        waiting += [other for other in inside if isinstance(other, BaseException)]


_HOST = "Check the spelling of url in the profile, and your network or VPN"
_REACH = "Check url and port in the profile, and your network, VPN or proxy"
_SLOW = "Ask for less, or give the profile a longer timeout (seconds)"
_PROXY = "Check proxy in the profile, or HTTPS_PROXY and NO_PROXY in the environment"
_TLS = "Check that the address really speaks https"
_CA = "Give the profile the file of the right CA certificates as ca_bundle, or set REQUESTS_CA_BUNDLE"

# the classes of the transport, what to say, code, hint, and whether to try again; the first that fits
_UNSENT = (
    ({"ProxyError"}, "The proxy on the way to {host} does not answer", "BD-REMOTE-PROXY", _PROXY, True),
    ({"NameResolutionError"}, "The host {host} is not known", "BD-REMOTE-HOST", _HOST, False),
    ({"NewConnectionError"}, "{host} takes no connection", "BD-REMOTE-CONNECT", _REACH, True),
    ({"ConnectTimeoutError"}, "{host} cannot be reached in time", "BD-REMOTE-TIMEOUT", _REACH, True),
)
