"""Bodies sent in chunks, which Django takes for empty because they come without a Content-Length."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
BLOCK = 64 * 1024


def with_length(application: Application, limit: int) -> Application:
    """Reads a chunked body up to one block over `limit`, and hands it on with the length it turned out to have."""

    def wrapped(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "chunked" not in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            return application(environ, start_response)
        body = _collected(environ["wsgi.input"], limit)
        return application({**environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}, start_response)

    return wrapped


def _collected(stream: Any, limit: int) -> bytes:
    body = bytearray()
    while len(body) <= limit and (block := stream.read(BLOCK)):
        body += block
    return bytes(body)
