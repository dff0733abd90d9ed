"""Take bodies of any size that hold a JSON value on each line (NDJSON), in constant memory.

A body is first laid down in a temporary file: the client is not kept waiting by the work, nor the work by the client.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError
from django.urls import Resolver404, resolve
from rest_framework.exceptions import ParseError

from recsite.platform.json_body import BROKEN, GZIP_FORMAT, TooLarge, is_gzip
from recsite.platform.parsers import NEEDED
from recsite.platform.request_body import BLOCK, RequestBody

TYPE = "application/x-ndjson"
LINE_BYTES = 1024 * 1024
"""The longest line; a longer one fails alone."""

IN_MEMORY = 1024 * 1024
"""Bytes of a body that need no file."""


@dataclass
class Lines:
    """Hold the lines of a body that was laid down."""

    file: Any
    count: int
    """The lines, empty ones included."""

    def __iter__(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield each line that isn't empty with its number, from 1; None in place of one that is too long."""
        self.file.seek(0)
        return read_lines(self.file)


def is_ndjson(request: HttpRequest) -> bool:
    """Tell if the body is said to be lines of JSON."""
    return request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() == TYPE


def is_taken(request: HttpRequest) -> bool:
    """Tell if the request brings lines of JSON to an operation that takes them (`takes_ndjson`)."""
    if not is_ndjson(request):
        return False
    try:
        view = getattr(resolve(request.path_info).func, "view_class", None)
    except Resolver404:
        return False
    return getattr(view, "takes_ndjson", False)


def lay_down(request: HttpRequest, most_lines: int) -> Lines:
    """Read the body to its end.

    Raises TooLarge where it has more than `most_lines`, and ParseError where it is empty, or no gzip though it says so.
    """
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - whoever reads the lines closes it
    count, length = 0, 0
    for block in _unpacked(parts(request)) if is_gzip(request) else parts(request):
        count += block.count(b"\n")
        if count > most_lines:
            raise TooLarge(f"At most {most_lines:,} lines are possible at once. Send them in several requests.")
        length = _write(file, block, length)
    lines = count + bool(length)
    if not lines:
        raise ParseError(f"{NEEDED}, a value on each line; this is empty.")
    return Lines(file, lines)


def read_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Yield each line of a file that was laid down, as `Lines` does."""
    number = 0
    while line := file.readline(LINE_BYTES + 2):
        number += 1
        if len(line.rstrip(b"\r\n")) > LINE_BYTES:
            while not line.endswith(b"\n") and (line := file.readline(LINE_BYTES)):
                pass
            yield number, None
        elif line.strip():
            yield number, line


def _write(file: IO[bytes], block: bytes, length: int) -> int:
    """Write a block, of a line that is too long only as much as tells so; return the length of the unfinished line."""
    start = 0
    while (end := block.find(b"\n", start)) >= 0:
        file.write(block[start : min(end, start + max(LINE_BYTES + 1 - length, 0))])
        file.write(b"\n")
        start, length = end + 1, 0
    file.write(block[start : start + max(LINE_BYTES + 1 - length, 0)])
    length += len(block) - start
    if length > settings.MAX_REQUEST_SIZE:
        raise TooLarge(f"One line alone has more than {settings.MAX_REQUEST_SIZE:,} bytes.")
    return length


def parts(request: HttpRequest) -> Iterator[bytes]:
    """Yield what is unread of the body, as it comes; of lines of JSON, whatever their size."""
    body = request.META.get("wsgi.input")
    read = body.read_on if isinstance(body, RequestBody) and is_ndjson(request) else request.read
    try:
        while block := read(BLOCK):
            yield block
    except OSError as error:
        raise UnreadablePostError(*error.args) from error


def _unpacked(blocks: Iterator[bytes]) -> Iterator[bytes]:
    unpack = zlib.decompressobj(GZIP_FORMAT)
    try:
        for block in blocks:
            packed = block
            while packed:
                if unpack.eof:
                    unpack = zlib.decompressobj(GZIP_FORMAT)
                yield unpack.decompress(packed, BLOCK)
                packed = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
        if not unpack.eof:
            raise ParseError(BROKEN)
    except zlib.error as error:
        raise ParseError(BROKEN) from error
