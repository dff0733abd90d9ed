"""Read the body of a request as JSON: its type, its packing (gzip) and its size are checked first."""

import zlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.utils.mediatypes import media_type_matches

from recsite.platform.parsers import EMPTY, strict_json
from recsite.platform.query import Query
from recsite.platform.request_body import BodyTooLarge

JSON = "application/json"
PLAIN, GZIP = ("", "identity"), ("gzip", "x-gzip")
GZIP_FORMAT = 31
"""The number by which zlib names gzip's header and checksum."""

BROKEN = "The body is no whole gzip, though Content-Encoding says so."


class TooLarge(APIException):
    """Refuse a body that is larger than the limit once it is unpacked."""

    status_code = 413


class UnknownEncoding(APIException):
    """Refuse a body that is packed in a way nobody here unpacks."""

    status_code = 415


def read_json(request: HttpRequest, is_optional: bool = False) -> Any:
    """Return the value of the body. Refuse an empty one (400) and parameters (422) before anything is read.

    One that `is_optional` may be empty: then it is an empty object.
    """
    is_empty = request.META.get("CONTENT_LENGTH") in (None, "", "0")
    if is_empty and not is_optional:
        raise ParseError(EMPTY)
    if request.META.get("QUERY_STRING"):
        Query(request.GET, ()).check()
    if is_empty:
        return {}
    content_type = request.META.get("CONTENT_TYPE", "")
    if content_type != JSON and not media_type_matches(JSON, content_type):
        raise UnsupportedMediaType(content_type)
    is_packed = is_gzip(request)
    raw = request.read()
    try:
        return strict_json(unpacked(raw) if is_packed else raw)
    except ValueError as error:
        raise ParseError(str(error)) from error


def is_gzip(request: HttpRequest) -> bool:
    """Tell if the body is packed by gzip. Raises UnknownEncoding for any other packing."""
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding in PLAIN:
        return False
    if encoding in GZIP:
        return True
    raise UnknownEncoding(f"A body packed as {encoding[:50]!r} can't be read. Send it as it is, or packed by gzip.")


def unpacked(raw: bytes) -> bytes:
    """Return what was packed by gzip, in memory up to MAX_REQUEST_SIZE. Raises TooLarge, and ValueError for no gzip."""
    limit, unpack, parts, size = settings.MAX_REQUEST_SIZE, zlib.decompressobj(GZIP_FORMAT), list[bytes](), 0
    try:
        while raw:
            parts.append(unpack.decompress(raw, limit + 1 - size))
            size += len(parts[-1])
            if size > limit:
                raise TooLarge(f"{BodyTooLarge(limit)} That is its size unpacked.")
            if not unpack.eof:
                break
            # Several packed parts may follow one another in one file.
            raw = unpack.unused_data
            unpack = zlib.decompressobj(GZIP_FORMAT) if raw else unpack
    except zlib.error as error:
        raise ValueError(BROKEN) from error
    if not unpack.eof:
        raise ValueError(BROKEN)
    return b"".join(parts)
