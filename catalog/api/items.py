from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api.serializers import ItemOut, ItemPageOut
from catalog.models import Item
from catalog.validation import Id, valid_id
from recsite.platform import database
from recsite.platform.paging import PARAMETERS, page
from recsite.platform.query import Query
from recsite.platform.schema import PAGING, in_path, parameter, problems
from recsite.platform.values import Text

EMMA = {
    "item_id": "emma",
    "title": "Emma",
    "description": "A novel about a young woman who arranges other people's lives.",
    "categories": ["Fiction"],
    "tags": ["classic"],
    "features": {"creator": "Jane Austen", "year": 1815},
    "item_type": "book",
    "is_available": True,
    "available_from": None,
    "available_until": None,
    "group": "",
    "published_at": None,
    "created_at": "2026-05-01T12:00:00Z",
    "updated_at": "2026-05-01T12:00:00Z",
}


class ItemList(APIView):
    @extend_schema(
        operation_id="list_items",
        tags=["Catalogue"],
        summary="List items",
        description="All items in a lasting order, a page at a time; each filter narrows the list.",
        parameters=[
            parameter("item_type", Text().schema(), "Only items of this type."),
            parameter("category", Text().schema(), "Only items of this category."),
            parameter("available", bool, "Only what may be recommended now, or only what may not."),
            *PAGING,
        ],
        responses={200: ItemPageOut, **problems(406)},
        examples=[OpenApiExample("A page", {"items": [EMMA], "next_cursor": "MTIz"}, status_codes=[200])],
    )
    def get(self, request: Request) -> Response:
        query = Query(request.query_params, ("item_type", "category", "available", *PARAMETERS))
        items = Item.objects.filter(_wanted(query))
        if (available := query.boolean("available")) is not None:
            on_offer = Item.objects.available(timezone.now())
            items = items.filter(pk__in=on_offer) if available else items.exclude(pk__in=on_offer)
        found, next_cursor = page(items, query)
        return Response({"items": ItemOut(found, many=True).data, "next_cursor": next_cursor})


def _wanted(query: Query) -> Q:
    wanted = Q()
    if item_type := query.text("item_type"):
        wanted &= Q(item_type=item_type)
    if category := query.text("category"):
        wanted &= Q(categories__contains=[category])
    return wanted


class ItemDetail(APIView):
    @extend_schema(
        operation_id="read_item",
        tags=["Catalogue"],
        summary="Read an item",
        description="One item by the id that your own systems use.",
        parameters=[in_path("item_id", Id().schema(), "The item's id, as your own systems have it.")],
        responses={200: ItemOut, **problems(404, 406)},
        examples=[OpenApiExample("An item", EMMA, status_codes=[200])],
    )
    def get(self, request: Request, item_id: str) -> Response:
        Query(request.query_params, ()).check()
        item_id = valid_id("item_id", item_id)
        item = database.ask(Item.objects.filter(item_id=item_id).first)
        if item is None:
            raise Http404(f"There is no item {item_id!r}.")
        return Response(ItemOut(item).data)
