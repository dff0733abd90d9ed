"""The base of operations that stream a long answer: its memory stays the same, however much there is to send."""

import gzip
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any, ClassVar

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from recsite.platform.authentication import admit
from recsite.platform.error_shape import NO_STORE
from recsite.platform.errors import Failure, answered
from recsite.platform.lean import accepts

PIECE = 1 << 16
"""Bytes that are sent at once: small rows one by one would cost more than they hold."""


class StreamView(APIView):
    """A reading operation under the same rules and with the same errors as all others, until its first byte is sent.

    An error after that breaks the answer off, so that no client takes a part for the whole.
    """

    http_method_names = ["get"]
    media_types: ClassVar[tuple[str, ...]] = ("application/json",)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return answered(lambda: self._answer(request, *args, **kwargs))

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        admit(request)
        if request.method != "GET":
            return Failure(405, "Only GET is possible here.", headers={"Allow": "GET"}).as_json()
        if not accepts(request.META.get("HTTP_ACCEPT") or "*/*", self.media_types):
            names = " or ".join(self.media_types)
            return Failure(406, f"Only {names} can be sent: let the Accept header allow it.").as_json()
        return self.get(request, *args, **kwargs)

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Return the answer; each operation has its own way."""
        raise NotImplementedError


def takes_gzip(request: HttpRequest) -> bool:
    """Tell if the Accept-Encoding header allows gzip."""
    for one in request.META.get("HTTP_ACCEPT_ENCODING", "").lower().split(","):
        name, _, quality = one.partition(";")
        if name.strip() in ("gzip", "x-gzip"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def stream(
    rows: Iterable[bytes], media_type: str, name: str, *, zipped: bool = False, packed: bool = False
) -> StreamingHttpResponse:
    """Return an answer that sends these rows as a file of this name. Its first piece is made before it is returned.

    `zipped` packs them on their way (Content-Encoding), `packed` for good: the file is one of gzip.
    """
    pieces = _begun(in_pieces(gzipped(rows) if zipped or packed else rows))
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": NO_STORE,
        "Vary": "Accept-Encoding",
        # A proxy that collects the answer first would undo it.
        "X-Accel-Buffering": "no",
        **({"Content-Encoding": "gzip"} if zipped else {}),
    }
    return StreamingHttpResponse(pieces, content_type=media_type, headers=headers)


def in_pieces(rows: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the rows joined into pieces of about PIECE bytes."""
    waiting, size = list[bytes](), 0
    for row in rows:
        waiting.append(row)
        size += len(row)
        if size >= PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def gzipped(rows: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the rows packed, as one gzip file; without the time, so that the same rows make the same file."""
    buffer = BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=5, mtime=0) as file:
        for piece in in_pieces(rows):
            file.write(piece)
            if packed := buffer.getvalue():
                buffer.seek(0)
                buffer.truncate()
                yield packed
    yield buffer.getvalue()


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Make the first piece now, so that what is wrong with the very first row is still an answer of its own."""
    first = next(pieces, b"")

    def rest() -> Iterator[bytes]:
        yield first
        yield from pieces

    return rest()
