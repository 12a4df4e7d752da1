"""Starting the sandbox: its servers, the configuration that reaches them, a command run against them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml

from biodata.sandbox.clock import Clock
from biodata.sandbox.faults import Faults
from biodata.sandbox.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType, TracebackType

    from biodata.sandbox.log import RequestLog
    from biodata.sandbox.platform import SandboxPlatform

__all__ = ["Sandbox", "platforms_with_sandbox", "run_command", "serve_until_interrupted"]

ENTRY_POINTS = "biodata.adapters"
NOT_FOUND = 127
NOT_EXECUTABLE = 126


def platforms_with_sandbox() -> dict[str, type[SandboxPlatform]]:
    """The sandbox classes of the installed adapters by platform name.

    An adapter has one where its class has a class method `sandbox()` that returns it.
    """
    found: dict[str, type[SandboxPlatform]] = {}
    for entry_point in entry_points(group=ENTRY_POINTS):
        try:
            sandbox = getattr(entry_point.load(), "sandbox", None)
            offered = sandbox() if callable(sandbox) else None
        except (ImportError, AttributeError):
            continue  # an adapter whose packages are not here has no sandbox here either
        if offered is not None:
            found[offered.platform] = offered
    return found


class Sandbox:
    """The servers of some platforms on loopback, with files that say where; a context manager.

    Args:
        platforms: which; None: all that the installed adapters bring.
        empty: start without demo data; the scope that the profiles name is there.
        bare: start as a server is installed, without that scope too; for replaying a whole history.
        token_lifetime: seconds that a token lives, on every platform; None: the platform's own.
        ports: platform -> port; others take a free one.
        classes: platform -> sandbox class, in place of those of the installed adapters.
        options: what only some platforms take, by name; each gets those that it names in its `options`.

    Raises:
        KeyError: a platform that no installed adapter has a sandbox for.
        OSError: a chosen port is in use.
    """

    def __init__(
        self,
        platforms: Sequence[str] | None = None,
        *,
        empty: bool = False,
        bare: bool = False,
        token_lifetime: float | None = None,
        ports: Mapping[str, int] | None = None,
        classes: Mapping[str, type[SandboxPlatform]] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        offered = dict(classes) if classes is not None else platforms_with_sandbox()
        self.names = tuple(offered if platforms is None else platforms)
        missing = [name for name in self.names if name not in offered]
        if missing:
            raise KeyError(f"no sandbox for {', '.join(missing)}; there is one for {', '.join(offered)}")
        self.clock = Clock()
        self.entries: dict[str, dict[str, str]] = {}
        self._classes = {name: offered[name] for name in self.names}
        self._empty, self._bare = empty, bare
        self._token_lifetime = token_lifetime
        self._ports = dict(ports or {})
        self._options = dict(options or {})
        self._platforms: dict[str, SandboxPlatform] = {}
        self._servers: dict[str, Server] = {}
        self._directory: Path | None = None

    @property
    def directory(self) -> Path:
        """The private directory (0700) of the sandbox's files; it is removed at the end."""
        if self._directory is None:
            raise RuntimeError("the sandbox is not started")
        return self._directory

    @property
    def config_path(self) -> Path:
        """A profiles file with one profile per platform, and `local` (DuckDB)."""
        return self.directory / "profiles.yml"

    @property
    def sandbox_path(self) -> Path:
        """The JSON file of `entries`, for clients that do not read profiles."""
        return self.directory / "sandbox.json"

    def platform(self, name: str) -> SandboxPlatform:
        """The running platform, for its state and faults."""
        return self._platforms[name]

    def requests(self, name: str) -> RequestLog:
        """What the platform's server was asked."""
        return self._servers[name].requests

    def url(self, name: str) -> str:
        """The address of the platform's server, without a slash at the end."""
        return self._servers[name].url

    def start(self) -> None:
        """Start the servers and write the files."""
        self._directory = Path(tempfile.mkdtemp(prefix="biodata-sandbox-"))
        try:
            for name in self.names:
                self._start(name)
            self._write_files()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop the servers and remove the files; may be called twice."""
        for server in self._servers.values():
            server.close()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def environment(self) -> dict[str, str]:
        """What a command's environment needs for it to find the sandbox, past any proxy."""
        loopback = "127.0.0.1,localhost"
        spared = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
        no_proxy = f"{spared},{loopback}" if spared else loopback
        return {
            "BIODATA_CONFIG": str(self.config_path),
            "BIODATA_SANDBOX": str(self.sandbox_path),
            "NO_PROXY": no_proxy,
            "no_proxy": no_proxy,
        }

    def _start(self, name: str) -> None:
        faults = Faults()
        kind = self._classes[name]
        options = {key: value for key, value in self._options.items() if key in kind.options}
        platform = kind(self.clock, faults, self._token_lifetime, **options)
        if not self._bare:
            platform.prepare()
            if not self._empty:
                platform.seed()
        server = Server(platform.application, faults=faults, port=self._ports.get(name, 0))
        self._platforms[name], self._servers[name] = platform, server
        server.start()
        self.entries[name] = platform.entry(server.url, self.directory)

    def _write_files(self) -> None:
        profiles: dict[str, Any] = {
            name: platform.profile(self.entries[name], self.directory) for name, platform in self._platforms.items()
        }
        profiles["local"] = {"platform": "duckdb", "path": str(self.directory / "local.duckdb")}
        _write_private(self.config_path, yaml.safe_dump({"profiles": profiles}, sort_keys=False))
        _write_private(self.sandbox_path, json.dumps(self.entries, indent=2))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve_until_interrupted(sandbox: Sandbox, say: Callable[[str], object] = print) -> None:
    """Say where the started sandbox's servers and files are, and return on SIGINT (Ctrl-C) or SIGTERM."""
    stop = threading.Event()
    with _signals(lambda _number, _frame: stop.set()):
        for name in sandbox.names:
            say(f"{name}: {sandbox.url(name)}")
        say(f"profiles: {sandbox.config_path} (BIODATA_CONFIG)")
        say(f"credentials: {sandbox.sandbox_path} (BIODATA_SANDBOX)")
        say("Ctrl-C ends it")
        while not stop.wait(0.2):
            pass


def run_command(sandbox: Sandbox, argv: Sequence[str]) -> int:
    """Run a command against the started sandbox and give its exit status.

    BIODATA_CONFIG and BIODATA_SANDBOX name the sandbox's files, NO_PROXY holds loopback. SIGINT and SIGTERM
    go on to the command. One that signal N ended gives 128 + N; one that is not found 127, not executable 126,
    which is told on stderr as a shell would.
    """
    try:
        process = subprocess.Popen(list(argv), env={**os.environ, **sandbox.environment()})  # noqa: S603 - asked for
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE

    def forward(number: int, _frame: FrameType | None) -> None:
        # A terminal's Ctrl-C already reached the whole foreground group; a second one does no harm there.
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)

    with _signals(forward):
        status = process.wait()
    return 128 - status if status < 0 else status


@contextlib.contextmanager
def _signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """SIGINT and SIGTERM go to `handler` inside the block; outside the main thread nothing is changed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
