from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from catalog import search
from catalog.api.examples import EMMA
from catalog.api.items import FILTER_NAMES, FILTERS, filters
from catalog.api.serializers import ItemOut
from catalog.models import Item
from recsite.platform import database
from recsite.platform.lean import LeanJsonView
from recsite.platform.paging import LARGEST_SIZE
from recsite.platform.query import Query
from recsite.platform.request_fields import NEEDED
from recsite.platform.schema import parameter, problems
from recsite.platform.values import Integer, Text

DEFAULT_LIMIT, LARGEST_OFFSET = 20, search.MOST_RANKED


class CategoryCount(serializers.Serializer):
    name = serializers.CharField()
    count = serializers.IntegerField()


class Facets(serializers.Serializer):
    categories = CategoryCount(many=True, help_text="The largest categories of what was found.")


class SearchOut(serializers.Serializer):
    items = ItemOut(many=True)
    total = serializers.IntegerField(
        help_text=f"How many were found; from {search.MOST_RANKED:,} on it is not counted."
    )
    next_offset = serializers.IntegerField(allow_null=True, help_text="The `offset` of the next page; null at the end.")
    corrected = serializers.CharField(
        allow_null=True, help_text="What was looked for instead, where no item has a word of the query."
    )
    facets = Facets()


FOUND = {
    "items": [EMMA],
    "total": 1,
    "next_offset": None,
    "corrected": "emma",
    "facets": {"categories": [{"name": "Fiction", "count": 1}]},
}


class ItemSearchView(LeanJsonView):
    @extend_schema(
        operation_id="search_items",
        tags=["Catalogue"],
        summary="Search items",
        description=(
            "Items that have every word of the query, or a word that begins so, in title, creator, categories, tags or "
            "description, the best first. Accents and cases don't matter. A word that no item has is replaced by the "
            "nearest ones (`corrected`): one typo from four letters on, two from eight."
        ),
        parameters=[
            parameter("q", Text().schema(), "What to look for.", required=True),
            *FILTERS,
            parameter("limit", Integer(1, LARGEST_SIZE).schema() | {"default": DEFAULT_LIMIT}, "Page size."),
            parameter("offset", Integer(0, LARGEST_OFFSET).schema() | {"default": 0}, "Items to skip."),
        ],
        responses={200: SearchOut, **problems()},
        examples=[OpenApiExample("One for 'ema'", FOUND, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        query = Query(request.GET, ("q", "limit", "offset", *FILTER_NAMES))
        text = query.text("q")
        limit = query.integer("limit", DEFAULT_LIMIT, 1, LARGEST_SIZE)
        offset = query.integer("offset", 0, 0, LARGEST_OFFSET)
        only = filters(query)
        if "q" not in request.GET:
            query.errors["q"] = NEEDED
        query.check()
        found = search.find(text, limit, offset, only, facets=True)
        rows = database.ask(lambda: Item.objects.in_bulk(found.items))
        end = offset + limit
        return {
            "items": ItemOut([rows[pk] for pk in found.items if pk in rows], many=True).data,
            "total": found.total,
            "next_offset": end if end < min(found.total, LARGEST_OFFSET) else None,
            "corrected": found.corrected or None,
            "facets": {"categories": [{"name": name, "count": number} for name, number in found.categories]},
        }
