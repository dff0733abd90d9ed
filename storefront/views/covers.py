from hashlib import sha256

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from catalog import snapshot
from storefront.works.covers import cover_svg

SECONDS = 7 * 24 * 3600
LARGEST_ID = np.iinfo(np.int64).max


@require_safe
def favicon(request: HttpRequest) -> HttpResponseBase:  # noqa: ARG001 - the same for everybody
    """Redirect to the icon: browsers ask here for pages that name none."""
    return redirect(static("storefront/icon.svg"))


@require_safe
def cover(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return the item's cover, drawn; caches keep it for a week, and then ask whether it has changed."""
    catalogue = snapshot.current()
    row = int(catalogue.rows(np.array([min(pk, LARGEST_ID)]))[0])
    if row < 0:
        raise Http404
    category = next(iter(catalogue.categories[row]), "")
    drawn = cover_svg(catalogue.titles[row], catalogue.creators[row], category, catalogue.item_ids[row]).encode()
    response = HttpResponse(drawn, content_type="image/svg+xml; charset=utf-8")
    response["ETag"] = f'"{sha256(drawn).hexdigest()[:32]}"'
    # Whoever opens the drawing itself gets a document: nothing in a title may ever run there.
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    patch_cache_control(response, public=True, max_age=SECONDS)
    return get_conditional_response(request, etag=response["ETag"], response=response) or response
