"""Load many items or users by one request: at once, or by a job where there are very many."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers

from catalog import bulk, erasure, tasks, uploads
from catalog.api.examples import NEW_ITEM, PROFILE
from catalog.bulk import Row
from recsite.platform import idempotency, jobs, ndjson
from recsite.platform.authentication import actor
from recsite.platform.exceptions import Invalid
from recsite.platform.job_shape import ACCEPTED, EXAMPLE, accepted
from recsite.platform.json_body import read_json
from recsite.platform.json_view import JsonBodyView
from recsite.platform.ndjson import Lines
from recsite.platform.query import Query
from recsite.platform.request_fields import NEEDED
from recsite.platform.schema import problems
from recsite.platform.values import unknown_names

JOB = {**EXAMPLE, "kind": "bulk"}
LIMITS = (
    f"As `application/json`, up to {settings.BULK_JOB_ROWS:,} rows in a list. As `application/x-ndjson`, a row on each "
    f"line of up to {ndjson.LINE_BYTES:,} bytes, {settings.BULK_MAX_ROWS:,} lines at most, of any size together. "
    f"Up to {settings.BULK_JOB_ROWS:,} rows are answered at once, more become a job. Both may be packed by gzip. "
    "The rows are stored in parts: after a 503, send all of them again."
)


class _Counts(serializers.Serializer):
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField(help_text="Those of erased users included.")


class _Result(serializers.Serializer):
    row = serializers.IntegerField(help_text="From 1; of lines, the line's number.")
    status = serializers.ChoiceField(bulk.STATUSES)
    errors = serializers.DictField(  # type: ignore[assignment]  # REST framework takes fields out of the class
        child=serializers.CharField(), required=False, help_text="A sentence for each field that is wrong."
    )


class ItemResult(_Result):
    item_id = serializers.CharField(allow_null=True)


class UserResult(_Result):
    user_id = serializers.CharField(allow_null=True)


class ItemResults(_Counts):
    results = ItemResult(many=True, help_text="One for each row, in their order.")


class UserResults(_Counts):
    results = UserResult(many=True, help_text="One for each row, in their order.")


class _Bulk(JsonBodyView):
    takes_ndjson = True
    kind: bulk.Kind

    def read_body(self, request: HttpRequest) -> Any:
        """Return the value of a body of JSON, or the lines of one of many."""
        if not ndjson.is_ndjson(request):
            return read_json(request)
        Query(request.GET, ()).check()
        return ndjson.lay_down(request, settings.BULK_MAX_ROWS)

    def post(self, request: HttpRequest, body: Any) -> HttpResponse | dict[str, Any]:
        """Return what became of the rows, or the job that loads them."""
        who = actor(request)
        if not isinstance(body, Lines):
            return self._answer_with(request, bulk.load_values(self.kind, self._listed(body), who))
        with body.file:
            if body.count <= settings.BULK_JOB_ROWS:
                return self._answer_with(
                    request, [row for rows in bulk.load_lines(self.kind, body, who) for row in rows]
                )
            upload = uploads.keep(body.file)
        title = f"Load {body.count:,} {self.kind.name}s"
        return accepted(jobs.start(tasks.load_many, "bulk", title, actor=who, what=self.kind.name, upload=upload))

    def _listed(self, body: Any) -> list[Any]:
        name = f"{self.kind.name}s"
        rows = body.get(name) if isinstance(body, dict) else None
        if not isinstance(rows, list) or not rows:
            raise Invalid({name: f"A list of at least one {self.kind.name} is needed."})
        if unknown := body.keys() - {name}:
            raise Invalid(unknown_names(unknown, lambda _: f"There is no such field. Known: {name}."))
        if len(rows) > settings.BULK_JOB_ROWS:
            sentence = (
                f"At most {settings.BULK_JOB_ROWS:,} at once; these are {len(rows):,}. Send more as {ndjson.TYPE}."
            )
            raise Invalid({name: sentence})
        return rows

    def _answer_with(self, request: HttpRequest, rows: Sequence[Row]) -> dict[str, Any]:
        if self.kind is bulk.USERS and idempotency.about_users(request, (row.id for row in rows)):
            # Whom the rows name is known once they are stored: somebody may have been erased in between.
            stored = (row.id for row in rows if row.status != bulk.ERASED)
            idempotency.forget_users(erasure.erased_among(stored))
        counts = bulk.count(rows)
        return {
            **{status: counts[status] for status in (bulk.CREATED, bulk.UPDATED, bulk.UNCHANGED)},
            "refused": counts[bulk.REFUSED] + counts[bulk.ERASED],
            "results": [row.as_json(self.kind.id_name) for row in rows],
        }


def _body(name: str) -> dict[str, Any]:
    rows = {
        "type": "array",
        "minItems": 1,
        "maxItems": settings.BULK_JOB_ROWS,
        "items": {"description": "Whatever is no row is refused in its place of the results."},
    }
    envelope = {"type": "object", "properties": {name: rows}, "required": [name], "additionalProperties": False}
    return {"application/json": envelope, ndjson.TYPE: {"type": "string", "description": "A row on each line."}}


def _counted(id_name: str, row_id: str) -> dict[str, Any]:
    wrong = {"row": 2, id_name: None, "status": "refused", "errors": {id_name: NEEDED}}
    results = [{"row": 1, id_name: row_id, "status": "created"}, wrong]
    return {"created": 1, "updated": 0, "unchanged": 0, "refused": 1, "results": results}


def _described(kind: bulk.Kind, rows: list[Any], row_id: str, results: type, sentence: str) -> Any:
    """Describe the operation that loads rows of one kind."""
    name = f"{kind.name}s"
    answer = _counted(kind.id_name, row_id)
    operation = extend_schema(
        operation_id=f"load_{name}",
        tags=["Catalogue"],
        summary=f"Create or change many {name}",
        description=f"{sentence} {LIMITS}",
        request=_body(name),
        responses={200: results, 202: ACCEPTED, **problems(413, 415)},
        examples=[
            OpenApiExample("Two", {name: rows}, request_only=True),
            OpenApiExample("What became of them", answer, status_codes=[200], response_only=True),
            OpenApiExample("A job", {**JOB, "title": f"Load 250,000 {name}"}, status_codes=[202], response_only=True),
        ],
    )
    return extend_schema_view(post=operation)


@_described(
    bulk.ITEMS,
    [NEW_ITEM, {"title": "Nameless"}],
    "emma",
    ItemResults,
    "Each row creates an item, or changes the fields that it names of one that is there, as PATCH does; a row that is "
    "wrong fails alone.",
)
class ItemsBulk(_Bulk):
    kind = bulk.ITEMS


@_described(
    bulk.USERS,
    [{"user_id": "ada", **PROFILE}, {}],
    "ada",
    UserResults,
    "Each row creates a user, or changes the fields that it names of one who is there, as PATCH does; a row that is "
    "wrong fails alone, and one of an erased user is `erased`.",
)
class UsersBulk(_Bulk):
    kind = bulk.USERS
