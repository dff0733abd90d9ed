"""Store what came into view, where a placement counts that as shown."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from catalog import snapshot
from interactions.schema import InvalidEvent
from storefront.views import events
from storefront.views.visitor import visitor_of

IMPRESSION = "impression"
MOST = 60
"""Covers of one message."""


@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    """Store an impression of each item that is named as “POSITION ITEM”; what names nothing of ours is passed over."""
    visitor, catalogue = visitor_of(request), snapshot.current()
    acts = []
    for named in request.POST.getlist("item")[:MOST]:
        place, _, item_id = named.partition(" ")
        origin = events.origin_of({**request.POST.dict(), "at": place})
        if origin.shown_as and catalogue.row_of(item_id) is not None:
            acts.append(events.Act(IMPRESSION, item_id, context=origin.context))
    if visitor and acts:
        try:
            events.record(request, visitor, *acts)
        except InvalidEvent as reason:
            return HttpResponse(" ".join(reason.errors.values()), status=422, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204)
