"""HTTP for adapters: a session with tokens, retries, limits, and no value in its logs."""

from biodata.http.exchange import Exchange, ExchangeHook
from biodata.http.failures import mark_maybe_sent, was_maybe_sent
from biodata.http.forms import FormFile, multipart
from biodata.http.redaction import mask_values, redact, shortened
from biodata.http.request import FORM, Request, Response, Timeouts, quote_segment
from biodata.http.retry import RetryPolicy
from biodata.http.saving import save
from biodata.http.session import HttpSession
from biodata.http.tokens import Token, TokenSource, jwt_claims, jwt_lifetime, jwt_seconds
from biodata.http.verdict import Verdict, by_status
from biodata.http.wire import Limits, Reply

__all__ = [
    "FORM",
    "Exchange",
    "ExchangeHook",
    "FormFile",
    "HttpSession",
    "Limits",
    "Reply",
    "Request",
    "Response",
    "RetryPolicy",
    "Timeouts",
    "Token",
    "TokenSource",
    "Verdict",
    "by_status",
    "jwt_claims",
    "jwt_lifetime",
    "jwt_seconds",
    "mark_maybe_sent",
    "mask_values",
    "multipart",
    "quote_segment",
    "redact",
    "save",
    "shortened",
    "was_maybe_sent",
]
