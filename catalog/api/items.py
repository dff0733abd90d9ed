from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from catalog import editing
from catalog.api.bodies import described, read_known, read_new
from catalog.api.examples import CHANGED, EMMA, NEW_ITEM
from catalog.api.serializers import ItemOut, ItemPageOut
from catalog.fields import ITEM
from catalog.lookups import ITEM_ID, find_item, no_item
from catalog.models import Item
from catalog.validation import valid_id
from recsite.platform.authentication import actor
from recsite.platform.conditional import conditional
from recsite.platform.json_view import JsonBodyView, created, no_content
from recsite.platform.lean import json_response
from recsite.platform.moments import Moment
from recsite.platform.paging import PARAMETERS, page
from recsite.platform.query import Query
from recsite.platform.schema import PAGING, parameter, problems
from recsite.platform.values import Text

FILTERS = [
    parameter("item_type", Text().schema(), "Only items of this type."),
    parameter("category", Text().schema(), "Only items of this category."),
    parameter("tag", Text().schema(), "Only items with this tag."),
    parameter("available", bool, "Only what may be recommended now, or only what may not."),
]
FILTER_NAMES = tuple(one.name for one in FILTERS)
GONE = OpenApiResponse(description="It is done.")


class ItemList(JsonBodyView):
    @extend_schema(
        operation_id="list_items",
        tags=["Catalogue"],
        summary="List items",
        description="All items in a lasting order, a page at a time; each filter narrows the list.",
        parameters=[
            *FILTERS,
            parameter("changed_since", Moment().schema(), "Only items that came or changed at this time or later."),
            *PAGING,
        ],
        responses={200: ItemPageOut, **problems()},
        examples=[OpenApiExample("A page", {"items": [EMMA], "next_cursor": "MTIz"}, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        query = Query(request.GET, (*FILTER_NAMES, "changed_since", *PARAMETERS))
        items = Item.objects.filter(filters(query))
        if since := query.moment("changed_since"):
            items = items.filter(updated_at__gte=since)
        found, next_cursor = page(items, query)
        return {"items": ItemOut(found, many=True).data, "next_cursor": next_cursor}

    @extend_schema(
        operation_id="create_item",
        tags=["Catalogue"],
        summary="Create an item",
        description=(
            "Adds an item under an id of yours. Lists may hold it within two seconds. Where the id is taken nothing "
            "changes (409): PUT replaces, PATCH changes."
        ),
        request=described("item", ITEM, ("item_id", "title"), is_new=True),
        responses={201: ItemOut, **problems(409, 413, 415)},
        examples=[
            OpenApiExample("A book", NEW_ITEM, request_only=True),
            OpenApiExample("The item", EMMA, response_only=True, status_codes=[201]),
        ],
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        item_id, values = read_new("item", ITEM, body)
        return _created(editing.create_item(item_id, values, actor=actor(request)))


class ItemDetail(JsonBodyView):
    @extend_schema(
        operation_id="read_item",
        tags=["Catalogue"],
        summary="Read an item",
        description=(
            "One item by the id that your own systems use. The answer has an `ETag`: sent back as `If-None-Match`, it "
            "gets 304 and no body as long as the item is the same."
        ),
        parameters=[ITEM_ID],
        responses={200: ItemOut, 304: OpenApiResponse(description="It is as you know it."), **problems(404)},
        examples=[OpenApiExample("An item", EMMA, status_codes=[200])],
    )
    def get(self, request: HttpRequest, item_id: str) -> HttpResponse:
        Query(request.GET, ()).check()
        return conditional(request, _told(find_item(item_id)))

    @extend_schema(
        operation_id="put_item",
        tags=["Catalogue"],
        summary="Replace an item, or create it",
        description=(
            "The item is what the body says, whatever it was before (200), or is created (201). A field that the body "
            "doesn't name gets its default; `created_at` stays. Events and lists of the item stay as well."
        ),
        parameters=[ITEM_ID],
        request=described("item", ITEM, ("title",)),
        responses={200: ItemOut, 201: ItemOut, **problems(413, 415)},
        examples=[
            OpenApiExample("A book", {"title": "Emma", "categories": ["Fiction"]}, request_only=True),
            OpenApiExample("The item", EMMA, response_only=True, status_codes=[200, 201]),
        ],
    )
    def put(self, request: HttpRequest, body: Any, item_id: str) -> HttpResponse:
        item_id = valid_id("item_id", item_id)
        values = read_known("item", ITEM, body, item_id)
        item, is_new = editing.put_item(item_id, values, actor=actor(request))
        return _created(item) if is_new else json_response(_told(item))

    @extend_schema(
        operation_id="change_item",
        tags=["Catalogue"],
        summary="Change an item",
        description="Sets the fields that the body names, each as a whole, and leaves the others as they are.",
        parameters=[ITEM_ID],
        request=described("item", ITEM, ()),
        responses={200: ItemOut, **problems(404, 413, 415)},
        examples=[
            OpenApiExample("Sold out", CHANGED, request_only=True),
            OpenApiExample("The item", {**EMMA, **CHANGED}, response_only=True, status_codes=[200]),
        ],
    )
    def patch(self, request: HttpRequest, body: Any, item_id: str) -> dict[str, Any]:
        item_id = valid_id("item_id", item_id)
        values = read_known("item", ITEM, body, item_id)
        item = editing.change_item(item_id, values, actor=actor(request))
        if item is None:
            raise no_item(item_id)
        return _told(item)

    @extend_schema(
        operation_id="delete_item",
        tags=["Catalogue"],
        summary="Delete an item",
        description=(
            "Deletes the item with everything that happened to it: its events, its reviews, its figures. To take it "
            "out of lists alone, set `is_available` to false."
        ),
        parameters=[ITEM_ID],
        responses={204: GONE, **problems(404)},
    )
    def delete(self, request: HttpRequest, item_id: str) -> HttpResponse:
        item_id = valid_id("item_id", item_id)
        if not editing.delete_item(item_id, actor=actor(request)):
            raise no_item(item_id)
        return no_content()


def filters(query: Query) -> Q:
    """Return the condition that the parameters in FILTERS make."""
    wanted = Q()
    if item_type := query.text("item_type"):
        wanted &= Q(item_type=item_type)
    if category := query.text("category"):
        wanted &= Q(categories__contains=[category])
    if tag := query.text("tag"):
        wanted &= Q(tags__contains=[tag])
    if (available := query.boolean("available")) is not None:
        on_offer = Item.available_at(timezone.now())
        wanted &= on_offer if available else ~on_offer
    return wanted


def _told(item: Item) -> dict[str, Any]:
    return dict(ItemOut(item).data)


def _created(item: Item) -> HttpResponse:
    return created(_told(item), reverse("item", args=[item.item_id]))
