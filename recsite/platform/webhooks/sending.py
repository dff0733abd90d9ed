"""Send one message by HTTP: to an address that was checked, in bounded time, and without following redirects."""

import errno
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException

from django.conf import settings

from recsite.platform.webhooks import targets
from recsite.platform.webhooks.models import LONGEST_RESPONSE
from recsite.platform.webhooks.targets import CannotSend, Target

READ_BYTES = 2_048
"""No more of an answer is read."""

GONE = 410
REDIRECT = "It redirects, which is not followed: give the address that it leads to."
TOO_SLOW = "It didn't answer in time: {secs} s."


@dataclass(frozen=True)
class Outcome:
    """Say how an attempt went: arrived if there is no error."""

    status: int | None
    response: str
    error: str
    duration_ms: int


class _Unreachable(OSError):
    """Report that no way leads to an address; another one of the same name may do."""


class _Pinned(HTTPConnection):
    """Connect to one address, whatever the name leads to by then; TLS checks the name."""

    def __init__(self, target: Target, address: str, timeout: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        # So that the Host header names other ports alone.
        self.default_port = targets.HTTP_PORTS[target.scheme]
        self.is_cut = False
        self._address, self._is_tls = address, target.scheme == "https"

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._is_tls:
            # The handshake comes after the assignment: until then `cut` would not find the socket.
            self.sock = _tls().wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def cut(self) -> None:
        self.is_cut = True
        if self.sock:
            # A plain `close` would not wake who reads, and TLS's own shutdown is not for another thread.
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def post(url: str, body: str, headers: Mapping[str, str]) -> Outcome:
    """Send a message, and say how it went. Never raises what the other side does."""
    started = time.perf_counter()
    status, response = None, ""
    try:
        status, response = _post(targets.parse(url), body.encode(), _all(headers))
        error = _complaint(status)
    except CannotSend as refusal:
        error = str(refusal)
    except TimeoutError:
        error = TOO_SLOW.format(secs=settings.WEBHOOK_TIMEOUT_SECS)
    except ssl.SSLError as fault:
        error = f"TLS failed: {fault.reason or fault}."
    except HTTPException:
        error = "It did not answer in HTTP."
    except OSError as fault:
        error = f"It can't be reached: {fault.strerror or fault}."
    return Outcome(status, response, error, round((time.perf_counter() - started) * 1000))


def _post(target: Target, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    """Try the addresses one by one until one can be connected to."""
    addresses = targets.resolve(target)
    deadline = time.monotonic() + settings.WEBHOOK_TIMEOUT_SECS
    for number, address in enumerate(addresses, 1):
        connection = _Pinned(target, address, max(deadline - time.monotonic(), 0.01))
        try:
            with _until(deadline, connection):
                return _exchange(connection, target.path, body, headers)
        except (ConnectionRefusedError, _Unreachable):
            if number == len(addresses):
                raise
        finally:
            connection.close()
    raise CannotSend(f"There is no address for {target.host}.")


def _exchange(connection: _Pinned, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    try:
        connection.connect()
    except OSError as fault:
        if fault.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
            raise _Unreachable(fault.errno, fault.strerror) from fault
        raise
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    if connection.is_cut:
        # Headers that break off look as if they had ended.
        raise TimeoutError
    excerpt = b""
    # The status says it all: a body that breaks off, or never ends, changes nothing.
    with suppress(OSError, HTTPException):
        excerpt = answer.read(READ_BYTES)
    return answer.status, _readable(excerpt)


@contextmanager
def _until(deadline: float, connection: _Pinned) -> Iterator[None]:
    """Cut the connection at the deadline: a timeout of the socket begins anew with each byte that trickles in."""
    timer = threading.Timer(max(deadline - time.monotonic(), 0), connection.cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, HTTPException) as fault:
        if time.monotonic() >= deadline:
            raise TimeoutError from fault
        raise
    finally:
        timer.cancel()


def _all(headers: Mapping[str, str]) -> dict[str, str]:
    own = {"Content-Type": "application/json", "User-Agent": f"recsite/{settings.VERSION} (webhooks)"}
    return {**own, **headers, "Connection": "close"}


def _complaint(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return REDIRECT if 300 <= status < 400 else f"It answered {status}."


def _readable(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\x00", "\ufffd")[:LONGEST_RESPONSE]
