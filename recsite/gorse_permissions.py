"""Say what each method of each route under /gorse needs, in the form of `recsite.permissions`."""

from recsite.permissions import API_ACCESS as V1_ACCESS
from recsite.permissions import read, write
from recsite.platform.access import Access, Routes, Scope

FEEDBACK_READ = read("interactions.view_interaction")
# It is for good, as erasing is. Under /api/v1 nobody takes single events back.
FEEDBACK_DELETE = Access(Scope.ERASE, "interactions.delete_interaction")
USER_LIST = {"GET": read("catalog.view_enduser")}
ITEM_LIST = {"GET": read("catalog.view_item")}

GORSE_OPEN = ("gorse-live", "gorse-ready")
"""Routes that ask for no key: load balancers ask them."""

GORSE_ACCESS: Routes = {
    "gorse-new-user": {"POST": write("catalog.change_enduser")},
    "gorse-users": {"GET": read("catalog.view_enduser"), "POST": write("catalog.change_enduser")},
    "gorse-user": {
        "GET": read("catalog.view_enduser"),
        "PATCH": write("catalog.change_enduser"),
        "DELETE": Access(Scope.ERASE, "catalog.delete_enduser"),
    },
    "gorse-new-item": {"POST": write("catalog.change_item")},
    "gorse-items": {"GET": read("catalog.view_item"), "POST": write("catalog.change_item")},
    "gorse-item": {
        "GET": read("catalog.view_item"),
        "PATCH": write("catalog.change_item"),
        "DELETE": write("catalog.delete_item"),
    },
    "gorse-item-category": {"PUT": write("catalog.change_item"), "DELETE": write("catalog.change_item")},
    "gorse-feedback": {
        "GET": FEEDBACK_READ,
        "POST": write("interactions.add_interaction"),
        "PUT": write("interactions.add_interaction"),
    },
    "gorse-typed-feedback": {"GET": FEEDBACK_READ},
    "gorse-pair-feedback": {"GET": FEEDBACK_READ, "DELETE": FEEDBACK_DELETE},
    "gorse-one-feedback": {"GET": FEEDBACK_READ, "DELETE": FEEDBACK_DELETE},
    "gorse-user-feedback": {"GET": FEEDBACK_READ},
    "gorse-item-feedback": {"GET": FEEDBACK_READ},
    # With `write-back-type` the scope `write` as well.
    "gorse-recommend": USER_LIST,
    "gorse-collaborative": USER_LIST,
    "gorse-user-neighbors": USER_LIST,
    "gorse-session": {"POST": read("catalog.view_item")},
    "gorse-latest": ITEM_LIST,
    "gorse-popular": ITEM_LIST,
    "gorse-non-personalized": ITEM_LIST,
    "gorse-item-neighbors": ITEM_LIST,
}
API_ACCESS: Routes = {**V1_ACCESS, **GORSE_ACCESS}
"""What every request is checked by."""
