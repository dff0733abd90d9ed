"""Request bodies as the web server hands them over: read late, in limited time, and in limited size.

Django takes a chunked body for empty because it comes without a Content-Length, and it takes every error of reading
for a client that has left. Here a chunked body gets a length, and why reading stopped is remembered for the response.
No Django here: gunicorn's master imports it before there is one.
"""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from gunicorn.http.errors import ParseException

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
BLOCK = 64 * 1024


class BodyRefused(OSError):
    """Reading the body stopped for a reason that the client is told: `status`, and the message."""

    status = 400


class ClientTooSlow(BodyRefused, TimeoutError):
    """The client did not send its request in time."""

    status = 408

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The request did not arrive within {seconds:g} seconds. Send it again, in smaller parts.")


class BodyTooLarge(BodyRefused):
    """The body is larger than the limit."""

    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request is larger than {limit:,} bytes. Send it in smaller parts.")


class BodyBroken(BodyRefused):
    """The parts of the body are not what HTTP calls chunks."""

    def __init__(self) -> None:
        super().__init__("The body's chunks are broken: send it again as HTTP has it, or with a Content-Length.")


class RequestBody:
    """Pass a body on, and remember in `refused` why reading it stopped."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.refused: BodyRefused | None = None
        self.watch: Callable[[bytes], object] | None = None
        """Is called with each part that is read: a body may be longer than the memory."""

    def read_on(self, size: int) -> bytes:
        """Return the next bytes as they come, whatever the size of the whole; empty at the end.

        For operations that work through a body of any size. Each call has the time that a whole body has otherwise.
        """
        if more_time := getattr(self._stream, "more_time", None):
            more_time()
        return self._noted(lambda: self._stream.read(size))

    def read(self, size: int = -1) -> bytes:
        return self._from("read", size)

    def readline(self, size: int = -1) -> bytes:
        return self._from("readline", size)

    def _from(self, method: str, size: int) -> bytes:
        return self._noted(lambda: getattr(self._source(), method)(size))

    def _noted(self, read: Callable[[], bytes]) -> bytes:
        try:
            data = read()
        except BodyRefused as refused:
            self.refused = refused
            raise
        except ParseException as error:
            # Of broken chunks gunicorn tells as of a broken request, which nothing takes for an error of reading.
            self.refused = BodyBroken()
            raise self.refused from error
        if self.watch:
            self.watch(data)
        return data

    def _source(self) -> Any:
        return self._stream


class ChunkedBody(RequestBody):
    """Collect a chunked body at the first read: a request that is refused by its headers is never waited for."""

    def __init__(self, stream: Any, limit: int) -> None:
        super().__init__(stream)
        self._limit = limit
        self._collected: BytesIO | None = None

    def _source(self) -> BytesIO:
        if self._collected is None:
            body = bytearray()
            while len(body) <= self._limit and (block := self._stream.read(BLOCK)):
                body += block
            if len(body) > self._limit:
                raise BodyTooLarge(self._limit)
            self._collected = BytesIO(body)
        return self._collected


def with_bodies(application: Application, limit: int) -> Application:
    """Wrap `application` so that it sees chunked bodies up to `limit` bytes, and knows why a body was not read."""

    def wrapped(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        stream = environ["wsgi.input"]
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            # The true length is known only at the end, and Django never reads beyond the one that stands here.
            environ |= {"wsgi.input": ChunkedBody(stream, limit), "CONTENT_LENGTH": str(limit)}
        else:
            environ["wsgi.input"] = RequestBody(stream)
        return application(environ, start_response)

    return wrapped
