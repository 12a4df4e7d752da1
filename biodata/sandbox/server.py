"""An HTTP/1.1 server on loopback in a thread, around a WSGI application.

werkzeug's own request handler closes each connection; the platforms' servers keep them open, and clients are
measured on that, so the part that reads a request and writes its answer is ours.
"""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import socket
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self, cast

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from biodata.sandbox.faults import Fault, Faults
from biodata.sandbox.log import Received, RequestLog, redact_headers, redact_target

if TYPE_CHECKING:
    from types import TracebackType
    from wsgiref.types import WSGIApplication

__all__ = ["Server"]

_log = logging.getLogger("biodata.sandbox")
LOOPBACK = "127.0.0.1"
IDLE_SECONDS = 60.0


class Server:
    """Serves an application on 127.0.0.1 until it is closed; a context manager.

    Args:
        application: the WSGI application.
        faults: what goes wrong; none when left out.
        port: 0 takes a free one.
    """

    def __init__(self, application: WSGIApplication, *, faults: Faults | None = None, port: int = 0) -> None:
        self.requests = RequestLog()
        self.faults = faults if faults is not None else Faults()
        self._httpd = _Httpd(application, self.faults, self.requests, port)
        self._thread = threading.Thread(target=self._httpd.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.daemon = True
        self._started = False

    @property
    def port(self) -> int:
        """The port listened on."""
        return int(self._httpd.port)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Answer requests from now on, in threads."""
        self._thread.start()
        self._started = True

    def close(self) -> None:
        """Stop listening, end open connections and wait for the threads; may be called twice."""
        if self._started:
            self._httpd.shutdown()
            self._thread.join()
            self._started = False
        self._httpd.server_close()
        self._httpd.end_connections()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Httpd(ThreadedWSGIServer):
    """The listening socket, with its open connections in hand so that they can be ended."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, application: WSGIApplication, faults: Faults, log: RequestLog, port: int) -> None:
        self.faults = faults
        self.log_of_requests = log
        self._open: dict[socket.socket, threading.Thread] = {}
        self._open_lock = threading.Lock()
        try:
            super().__init__(LOOPBACK, port, application, handler=_Handler)
        except SystemExit:  # what werkzeug does about a port in use
            raise OSError(errno.EADDRINUSE, f"port {port} of {LOOPBACK} is in use") from None

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._open_lock:
                self._open.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; werkzeug would print a traceback."""

    def end_connections(self) -> None:
        with self._open_lock:
            connections = list(self._open.items())
        for connection, _ in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for _, thread in connections:
            thread.join(timeout=5)


@dataclass(frozen=True, slots=True)
class _Reply:
    code: int
    reason: str
    headers: list[tuple[str, str]]
    content: bytes
    whole: bool = True


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE_SECONDS

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError, BrokenPipeError, ValueError):
            self.close_connection = True
            self.handle_one_request()
            while not self.close_connection:
                self.handle_one_request()

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the parent's signature
        """Nothing on the console: `Server.requests` is the log."""

    def run_wsgi(self) -> None:
        httpd = cast("_Httpd", self.server)
        body = self._read_body()
        fault = httpd.faults.take(self.command, self.path.partition("?")[0])
        reply = self._reply(httpd, body, fault)
        # Logged before it is sent: a test counts as soon as its client has the answer.
        httpd.log_of_requests.append(self._received(body, reply))
        if reply is None:
            self._drop()
        else:
            self._send(reply)

    def _received(self, body: bytes, reply: _Reply | None) -> Received:
        return Received(
            method=self.command,
            target=redact_target(self.path),
            headers=redact_headers(self.headers.items()),
            status=reply.code if reply is not None else 0,
            request_bytes=len(body),
            response_bytes=len(reply.content) if reply is not None else 0,
        )

    def _read_body(self) -> bytes:
        stream = self.make_environ()["wsgi.input"]
        if stream is not self.rfile:
            return bytes(stream.read())
        length = self.headers.get("Content-Length", "")
        return self.rfile.read(int(length)) if length.isdigit() else b""

    def _reply(self, httpd: _Httpd, body: bytes, fault: Fault | None) -> _Reply | None:
        if fault is None:
            return self._handled(httpd.app, body)
        time.sleep(fault.delay)
        if fault.drop == "before":
            return None
        if fault.status is not None:
            page, content_type = fault.page()
            reply = _Reply(fault.status, HTTPStatus(fault.status).phrase, [("Content-Type", content_type)], page)
        else:
            reply = self._handled(httpd.app, body)
        if fault.drop == "after":
            return None
        content = reply.content if fault.cut is None else reply.content[: fault.cut]
        headers = [*reply.headers, *fault.headers.items()]
        return _Reply(reply.code, reply.reason, headers, content, whole=fault.cut is None)

    def _handled(self, application: WSGIApplication, body: bytes) -> _Reply:
        """The application's reply; an exception in it is a defect of the sandbox, and said to be one."""
        try:
            return self._call(application, body)
        except Exception as error:  # noqa: BLE001 - whatever it is
            _log.exception("defect in the sandbox: %s %s", self.command, redact_target(self.path))
            text = f"defect in the sandbox: {type(error).__name__}"
            return _Reply(500, "Internal Server Error", [("Content-Type", "text/plain")], text.encode())

    def _call(self, application: WSGIApplication, body: bytes) -> _Reply:
        environ = self.make_environ()
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("wsgi.input_terminated", None)
        answered: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
            answered.append((status, headers))
            return lambda _: None

        content = b"".join(application(environ, cast("Any", start_response)))
        status, headers = answered[-1]
        code, _, reason = status.partition(" ")
        return _Reply(int(code), reason, headers, content)

    def _drop(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, reply: _Reply) -> None:
        self.close_connection = self.close_connection or not reply.whole
        self.send_response_only(reply.code, reply.reason)
        for name, value in reply.headers:
            if name.lower() not in ("content-length", "connection"):
                self.send_header(name, value)
        if reply.whole and reply.code != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(reply.content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Date", self.date_time_string())
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.content)
        self.wfile.flush()
