"""gunicorn's thread worker, with a time limit for clients: CLIENT_TIMEOUT_SECS for headers and body together.

gunicorn's own worker gives a thread to each connection and waits in it for as long as the client likes: as many
unfinished requests as there are threads stop the site. Here the event loop collects the headers, so an unfinished
header costs no thread, and a thread that reads a body gives up at the deadline.
"""

import json
import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

import uuid_utils
from gunicorn import http
from gunicorn.workers.gthread import TConn, ThreadWorker

from recsite import settings
from recsite.platform.error_shape import NO_STORE, error_shape
from recsite.platform.request_body import ClientTooSlow

END_OF_HEADERS = b"\r\n\r\n"
MAX_HEADER_BYTES = 64 * 1024
READ_BYTES = 64 * 1024
REFUSALS = {
    408: ("Request Timeout", str(ClientTooSlow(settings.CLIENT_TIMEOUT_SECS))),
    431: ("Request Header Fields Too Large", f"The headers are larger than {MAX_HEADER_BYTES:,} bytes: send less."),
}
LINGER_SECS = 2.0
"""How long a closed connection waits for more: data that arrives after a full close would destroy the response."""

DRAIN_SECS = 0.05
"""How long a thread looks for the rest of a body that nobody read, before it closes the connection instead."""


class TimedSocket:
    """The reading side of a connection, for gunicorn's parser: no read lasts beyond the request's deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.deadline = 0.0

    def more_time(self) -> None:
        """Move the deadline on: for operations that read a body of any size in parts."""
        self.deadline = time.monotonic() + settings.CLIENT_TIMEOUT_SECS

    def recv(self, size: int) -> bytes:
        """Return the next bytes. Raises ClientTooSlow at the deadline; what has arrived before is always read."""
        self._socket.settimeout(max(self.deadline - time.monotonic(), 0.0))
        try:
            return self._socket.recv(size)
        except (TimeoutError, BlockingIOError) as error:
            raise ClientTooSlow(settings.CLIENT_TIMEOUT_SECS) from error
        finally:
            # Writing has a limit of its own: a client that reads nothing must not hold the thread either.
            self._socket.settimeout(settings.CLIENT_TIMEOUT_SECS)


class DeadlineWorker(ThreadWorker):
    """Hand a request to a thread once its headers are complete, and bound everything that waits for the client."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadlines: dict[TConn, float] = {}
        """When the event loop gives up each connection that it reads from."""
        self._received: dict[TConn, bytearray] = {}
        """The unfinished headers of those that have begun a request; the others linger after their response."""
        self._has_left = False
        """Whether connections are refused: the end of the loop asks for it again."""
        self._lingers_until: dict[TConn, float] = {}
        """When the event loop closes those that go on sending after their response."""

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take connections or not. A worker that stops answers those that have come, and has the next ones refused.

        Where it only took no more of them, the kernel would go on making connections until its last process has ended,
        and then reset them: a proxy can't send a request again that it has sent already.
        """
        super().set_accept_enabled(enabled)
        if self.alive or self._has_left:
            return
        self._has_left = True
        for listener in self.sockets:
            listener.setblocking(False)
            before = -1
            while before != self.nr_conns:
                before = self.nr_conns
                self.accept(listener)
            listener.close()

    def enqueue_req(self, conn: TConn) -> None:
        """Collect the headers first; gunicorn calls this for each new connection and each further request."""
        if self.cfg.is_ssl:
            # The bytes are encrypted: the event loop can't see where the headers end.
            return super().enqueue_req(conn)
        if conn.parser is None:
            conn.parser = http.get_parser(self.cfg, TimedSocket(conn.sock), conn.client)
        conn.sock.setblocking(False)
        self._received[conn] = bytearray(conn.parser.unreader.take_buffered())
        self._deadlines[conn] = time.monotonic() + settings.CLIENT_TIMEOUT_SECS
        self.poller.register(conn.sock, EVENT_READ, partial(self._read_headers, conn))
        # Nearly always they are there already: no need to ask the poller.
        return self._read_headers(conn, conn.sock)

    def _read_headers(self, conn: TConn, sock: socket.socket) -> None:
        """Read what has arrived; hand the request over once its headers are complete."""
        received = self._received[conn]
        is_closed = False
        try:
            data = sock.recv(READ_BYTES)
            received += data
            is_closed = not data
        except BlockingIOError:
            # Nothing new; but the request before may have been read together with this one.
            pass
        except OSError:
            return self._drop(conn)
        if END_OF_HEADERS in received:
            return self._hand_over(conn)
        if is_closed:
            return self._drop(conn)
        if len(received) > MAX_HEADER_BYTES:
            self._refuse(conn, 431)
        return None

    def _hand_over(self, conn: TConn) -> None:
        conn.parser.unreader.sock.deadline = self._deadlines[conn]
        conn.parser.unreader.unread(bytes(self._received[conn]))
        conn.data_ready = True
        self._forget(conn)
        super().enqueue_req(conn)

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """Answer a request; a client that doesn't read its response in time is left alone."""
        conn.sock.settimeout(settings.CLIENT_TIMEOUT_SECS)
        if not self.cfg.is_ssl:
            req.body.more_time = conn.parser.unreader.sock.more_time
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError:
            self.log.info("A client did not read its response within %s seconds.", settings.CLIENT_TIMEOUT_SECS)
            return False

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """Drop what nobody read of the body, if it is there; a body that is still on its way closes the connection."""
        if self.cfg.is_ssl:
            return bool(super()._keepalive_after(conn, keepalive))
        conn.parser.unreader.sock.deadline = deadline = time.monotonic() + DRAIN_SECS
        try:
            return keepalive and bool(conn.parser.finish_body(deadline=deadline))
        except OSError:
            return False

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        """Keep the connection or close it; closing must not wait for the client, since this is the event loop."""
        if fs.cancelled() or fs.exception() or not fs.result():
            self._linger(conn)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Give up the connections whose time is over; the event loop calls this once a second at least."""
        super().murder_pending()
        now = time.monotonic()
        for conn in [conn for conn, deadline in self._deadlines.items() if deadline <= now]:
            # A browser opens connections ahead and may never use them: nobody waits for an answer there.
            if self._received.get(conn):
                self._refuse(conn, 408)
            else:
                self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """Close idle connections soon when the worker stops, those that never sent a byte included."""
        super()._cap_keepalive(deadline)
        for conn in self._deadlines:
            if not self._received.get(conn):
                self._deadlines[conn] = min(self._deadlines[conn], deadline)

    def _refuse(self, conn: TConn, status: int) -> None:
        """Answer for a request that no thread will see: nobody knows its path or its id."""
        self.log.info("A request was refused with %s before its headers were complete.", status)
        with suppress(OSError):
            conn.sock.send(refusal(status))
        self._forget(conn)
        self._linger(conn)

    def _linger(self, conn: TConn) -> None:
        """End the response, and discard for a moment what the client still sends."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, EVENT_READ, partial(self._discard, conn))
        except (OSError, ValueError):
            self.nr_conns -= 1
            return conn.close()
        self._deadlines[conn] = time.monotonic() + LINGER_SECS
        self._lingers_until[conn] = time.monotonic() + settings.CLIENT_TIMEOUT_SECS
        return None

    def _discard(self, conn: TConn, sock: socket.socket) -> None:
        with suppress(BlockingIOError):
            try:
                if sock.recv(READ_BYTES):
                    # It is still sending, and looks for an answer only then.
                    latest = self._lingers_until.get(conn, 0.0)
                    self._deadlines[conn] = min(time.monotonic() + LINGER_SECS, latest)
                    return
            except OSError as error:
                if isinstance(error, BlockingIOError):
                    raise
            self._drop(conn)

    def _drop(self, conn: TConn) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def _forget(self, conn: TConn) -> None:
        """Read no longer from the connection in the event loop."""
        self._received.pop(conn, None)
        self._lingers_until.pop(conn, None)
        if self._deadlines.pop(conn, None) is not None:
            self.poller.unregister(conn.sock)


def refusal(status: int) -> bytes:
    """Return a whole response with an error in JSON: nobody knows yet which kind of client it is."""
    reason, message = REFUSALS[status]
    body = json.dumps(error_shape(status, message, {}, str(uuid_utils.uuid7()))).encode()
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
    head += f"Cache-Control: {NO_STORE}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
