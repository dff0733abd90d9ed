"""Operations that export everything of one kind, streamed."""

from typing import Any, ClassVar

from django.http import HttpRequest, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view

from interactions.exporting import FORMATS, KINDS, UnknownRow, lines
from interactions.exporting.lines import MEDIA_TYPES
from recsite.platform.exceptions import Invalid
from recsite.platform.moments import Moment
from recsite.platform.query import Query
from recsite.platform.schema import parameter, problems
from recsite.platform.streaming import StreamView, stream, takes_gzip
from recsite.platform.values import Boolean, Choice, Text

GONE = "There is no such row any more. Give the id of the last row that arrived whole, or begin anew without a cursor."
PARAMETERS = ("format", "since", "cursor", "gzip")
DESCRIBED = [
    parameter("format", {**Choice(FORMATS).schema(), "default": "jsonl"}, "Lines of JSON, or of CSV with a header."),
    parameter("cursor", Text().schema(), "Goes on behind the row with this id: the last one that arrived whole."),
    parameter("gzip", {**Boolean().schema(), "default": False}, "Sends a file that is packed by gzip."),
]
STREAMED = (
    " Streamed in the order in which rows were added, in constant memory, however many there are; packed where "
    "`Accept-Encoding` allows gzip. A connection that broke is gone on with by `cursor`. `manage.py import_data` reads "
    "the file as it is."
)


class Export(StreamView):
    media_types = ("application/x-ndjson", "text/csv", "application/json")
    kind: ClassVar[str]

    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        """Return the stream that the parameters ask for. Raises Invalid."""
        query = Query(request.GET, PARAMETERS)
        format_, since = query.choice("format", FORMATS, "jsonl"), query.moment("since")
        cursor, is_packed = query.text("cursor"), query.boolean("gzip")
        query.check()
        kind = KINDS[self.kind]
        rows = lines(kind, format_, kind.rows(since, cursor), has_header=not cursor)
        name = f"{self.kind}.{format_}"
        try:
            if is_packed:
                return stream(rows, "application/gzip", f"{name}.gz", packed=True)
            return stream(rows, MEDIA_TYPES[format_], name, zipped=takes_gzip(request))
        except UnknownRow as unknown:
            raise Invalid({"cursor": GONE}) from unknown


def _described(name: str, row: str, since: str) -> Any:
    """Describe the operation that exports rows of one kind."""
    row_out = OpenApiResponse(str, "One line for each row.", [OpenApiExample("Two lines", row)])
    operation = extend_schema(
        operation_id=f"export_{name}",
        tags=["Histories and export"],
        summary=f"Export all {name}",
        description=f"All {name}, with every field." + STREAMED,
        parameters=[*DESCRIBED, parameter("since", Moment().schema(), since)],
        responses={
            (200, "application/x-ndjson"): row_out,
            (200, "text/csv"): OpenApiResponse(str, "The same as CSV."),
            (200, "application/gzip"): OpenApiResponse(OpenApiTypes.BINARY, "Either of them as a file, with `gzip`."),
            **problems(),
        },
    )
    return extend_schema_view(get=operation)


@_described(
    "users",
    '{"user_id":"ada","created_at":"2026-05-01T12:00:00+00:00","preferences":{},"demographics":{},"merged":[]}\n',
    "Only users who came, were active or opted out since then.",
)
class UserExports(Export):
    kind = "users"


@_described(
    "items",
    '{"item_id":"emma","title":"Emma","categories":["Fiction"],"tags":[],"features":{},"is_available":true}\n',
    "Only items that changed since then.",
)
class ItemExports(Export):
    kind = "items"


@_described(
    "interactions",
    '{"event_id":"019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11","user_id":"ada","item_id":"emma","type":"view",'
    '"occurred_at":"2026-05-01T12:00:00+00:00","undated":false}\n',
    "Only events that were stored since then; leave an hour of overlap, since transactions take their time.",
)
class InteractionExports(Export):
    kind = "interactions"
