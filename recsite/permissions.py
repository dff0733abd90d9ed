"""Say what each method of each route of the API needs: of a key a scope, of a member of staff a permission.

The only such table: requests are checked by it, the docs and the tests are made from it.
"""

from recsite.platform.access import Access, Browser, Routes, Scope


def read(permission: str, browser: Browser | None = None) -> Access:
    return Access(Scope.READ, permission, browser)


def write(permission: str, browser: Browser | None = None) -> Access:
    return Access(Scope.WRITE, permission, browser)


def operate(permission: str = "recommender.operate") -> Access:
    return Access(Scope.OPERATE, permission)


API_ACCESS: Routes = {
    # Lists of one user say what the user did.
    "recommendations": {"GET": read("catalog.view_enduser", Browser.OWN_LIST)},
    "batch": {"POST": read("catalog.view_enduser")},
    # Lists that belong to nobody say no more than the catalogue.
    "session": {"POST": read("catalog.view_item", Browser.ANY_LIST)},
    "popular": {"GET": read("catalog.view_item", Browser.ANY_LIST)},
    "latest": {"GET": read("catalog.view_item", Browser.ANY_LIST)},
    "trending": {"GET": read("catalog.view_item", Browser.ANY_LIST)},
    "similar": {"GET": read("catalog.view_item", Browser.ANY_LIST)},
    "together": {"GET": read("catalog.view_item", Browser.ANY_LIST)},
    "live-models": {"GET": read("recommender.view_release")},
    "models": {"GET": read("recommender.view_modelversion")},
    "model": {"GET": read("recommender.view_modelversion")},
    "releases": {"GET": read("recommender.view_release")},
    "release": {"GET": read("recommender.view_release")},
    "train": {"POST": operate()},
    "reload": {"POST": operate()},
    "promote": {"POST": operate()},
    "rollback": {"POST": operate()},
    "cache": {"GET": read("recommender.view_release"), "POST": operate()},
    "export-lists": {"POST": operate()},
    "cache-clear": {"POST": operate()},
    "placement-analytics": {"GET": read("recommender.view_dailyimpressions")},
    "algorithm-analytics": {"GET": read("recommender.view_dailyimpressions")},
    "system-analytics": {"GET": read("recommender.view_dailyimpressions")},
    "user-statistics": {"GET": read("catalog.view_enduser")},
    "item-statistics": {"GET": read("recommender.view_dailyimpressions")},
    "stats": {"GET": read("recommender.view_release")},
    "jobs": {"GET": read("platform.view_job")},
    "job": {"GET": read("platform.view_job")},
    "job-cancel": {"POST": operate("platform.change_job")},
    # The addresses of webhooks are secrets of others.
    "webhooks": {
        "GET": operate("platform.view_webhookendpoint"),
        "POST": operate("platform.add_webhookendpoint"),
    },
    "webhook": {
        "GET": operate("platform.view_webhookendpoint"),
        "PATCH": operate("platform.change_webhookendpoint"),
        "DELETE": operate("platform.delete_webhookendpoint"),
    },
    "webhook-events": {"GET": read("platform.view_webhookendpoint")},
    "webhook-rotate": {"POST": operate("platform.change_webhookendpoint")},
    "webhook-test": {"POST": operate("platform.change_webhookendpoint")},
    "webhook-deliveries": {"GET": operate("platform.view_webhookdelivery")},
    "webhook-delivery": {"GET": operate("platform.view_webhookdelivery")},
    "webhook-redeliver": {"POST": operate("platform.change_webhookendpoint")},
    "interactions": {"POST": write("interactions.add_interaction", Browser.OWN_EVENTS)},
    "interactions-bulk": {"POST": write("interactions.add_interaction", Browser.OWN_EVENTS)},
    "export-users": {"GET": read("catalog.view_enduser")},
    "export-items": {"GET": read("catalog.view_item")},
    "export-interactions": {"GET": read("interactions.view_interaction")},
    "user-interactions": {"GET": read("interactions.view_interaction")},
    "item-interactions": {"GET": read("interactions.view_interaction")},
    "items": {"GET": read("catalog.view_item"), "POST": write("catalog.add_item")},
    "item": {
        "GET": read("catalog.view_item"),
        "PUT": write("catalog.change_item"),
        "PATCH": write("catalog.change_item"),
        "DELETE": write("catalog.delete_item"),
    },
    "interaction-types": {
        "GET": read("interactions.view_interactiontype"),
        "POST": operate("interactions.add_interactiontype"),
    },
    "interaction-type": {
        "GET": read("interactions.view_interactiontype"),
        "PUT": operate("interactions.change_interactiontype"),
        "DELETE": operate("interactions.delete_interactiontype"),
    },
    "items-search": {"GET": read("catalog.view_item")},
    "items-bulk": {"POST": write("catalog.change_item")},
    "users-bulk": {"POST": write("catalog.change_enduser")},
    "users": {"GET": read("catalog.view_enduser"), "POST": write("catalog.add_enduser")},
    "user": {
        "GET": read("catalog.view_enduser"),
        "PUT": write("catalog.change_enduser"),
        "PATCH": write("catalog.change_enduser"),
        "DELETE": Access(Scope.ERASE, "catalog.delete_enduser"),
    },
    "user-export": {"GET": read("catalog.view_enduser")},
    "user-opt-out": {"POST": write("catalog.change_enduser"), "DELETE": write("catalog.change_enduser")},
    "user-merge": {"POST": write("catalog.change_enduser")},
}

API_OPEN = ("auth-token", "auth-refresh", "auth-revoke")
"""Routes without an entry in the table: what they ask for stands in their bodies, a password or a token."""
