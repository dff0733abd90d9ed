"""Say what each method of each route of the API needs: of a key a scope, of a member of staff a permission.

The only such table: requests are checked by it, the docs and the tests are made from it. The pages and buttons of the
admin stand below it; `recsite.roles` says which role holds which permission.
"""

from collections.abc import Mapping

from recsite.platform.access import Access, Browser, Routes, Scope


def read(permission: str, browser: Browser | None = None) -> Access:
    return Access(Scope.READ, permission, browser)


def write(permission: str, browser: Browser | None = None) -> Access:
    return Access(Scope.WRITE, permission, browser)


OPERATE = "recommender.operate"


def operate(permission: str = OPERATE) -> Access:
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
    "compare-releases": {"GET": read("recommender.view_release")},
    "train": {"POST": operate()},
    "reload": {"POST": operate()},
    "promote": {"POST": operate()},
    "estimate": {"POST": operate()},
    "rollback": {"POST": operate()},
    "placements": {"GET": operate("recommender.view_placement"), "POST": operate("recommender.add_placement")},
    "placement": {"GET": operate("recommender.view_placement"), "DELETE": operate("recommender.delete_placement")},
    "placement-draft": {"PUT": operate("recommender.change_placement")},
    "placement-publish": {"POST": operate("recommender.change_placement")},
    "placement-revert": {"POST": operate("recommender.change_placement")},
    # It shows what a user would get.
    "placement-preview": {"POST": operate("recommender.change_placement")},
    "cache": {"GET": read("recommender.view_release"), "POST": operate()},
    "export-lists": {"POST": operate()},
    "cache-clear": {"POST": operate()},
    "placement-analytics": {"GET": read("recommender.view_dailyimpressions")},
    "algorithm-analytics": {"GET": read("recommender.view_dailyimpressions")},
    "system-analytics": {"GET": read("recommender.view_dailyimpressions")},
    "user-statistics": {"GET": read("catalog.view_enduser")},
    "why-not": {"GET": operate("catalog.view_enduser")},
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
    "experiments": {"GET": read("recommender.view_experiment"), "POST": operate("recommender.add_experiment")},
    "experiment": {"GET": read("recommender.view_experiment")},
    "experiment-results": {"GET": read("recommender.view_experiment")},
    "experiment-assign": {"POST": read("catalog.view_enduser")},
    "experiment-start": {"POST": operate("recommender.change_experiment")},
    "experiment-pause": {"POST": operate("recommender.change_experiment")},
    "experiment-stop": {"POST": operate("recommender.change_experiment")},
    "experiment-archive": {"POST": operate("recommender.change_experiment")},
    # It publishes at a placement, or promotes a release.
    "experiment-ship": {"POST": operate()},
    "shadows": {"GET": read("recommender.view_shadow"), "POST": operate()},
    "shadow": {"GET": read("recommender.view_shadow")},
    "shadow-stop": {"POST": operate()},
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

ADMIN_PAGES: Mapping[str, str] = {
    "imports": "interactions.view_fileimport",
    "import-page": "interactions.view_fileimport",
    "dead-letters": "interactions.view_deadletter",
    "dead-letter-group": "interactions.view_deadletter",
    "person-page": "catalog.view_enduser",
    "person-compare": "recommender.view_release",
    "person-history": "interactions.view_interaction",
    "person-data": "catalog.view_enduser",
    "item-page": "catalog.view_item",
    "item-rule": "recommender.change_placement",
    "item-availability": "catalog.change_item",
    "what-if": "catalog.view_enduser",
    "compare": "recommender.view_release",
    "drift": "recommender.view_driftreport",
    "estimates": "recommender.view_release",
    "results": "recommender.view_dailyimpressions",
    "results-csv": "recommender.view_dailyimpressions",
    "health-page": "platform.view_job",
    "object-activity": "platform.view_auditentry",
    "health-live": "platform.view_job",
    "alerts-page": "platform.view_job",
    "partitions-page": "platform.view_job",
    "kafka-page": "platform.view_job",
}
"""What the pages of the admin that are no lists of rows need. Lists and forms need the permissions of their rows."""

ADMIN_OPEN = ("search", "suggestions", "styleguide", "overview-live", "sessions-page", "session-end")
"""Pages for all staff: search, suggestions, overview and sessions show what each may see, the style guide nothing."""

ADMIN_ACTIONS: Mapping[str, Mapping[str, str]] = {
    "catalog.item": {
        "hide": "catalog.change_item",
        "show": "catalog.change_item",
        "open_console": "catalog.view_item",
    },
    "catalog.enduser": {
        "open_console": "catalog.view_enduser",
        "opt_out": "catalog.change_enduser",
        "opt_in": "catalog.change_enduser",
        "merge": "catalog.change_enduser",
        "erase_selected": "catalog.delete_enduser",
        "open_erasure": "catalog.delete_enduser",
    },
    "catalog.erasure": {"lift": "catalog.delete_enduser", "lift_chosen": "catalog.delete_enduser"},
    "interactions.deadletter": {"replay": "interactions.change_deadletter"},
    "recommender.modelversion": {
        **dict.fromkeys(("train", "roll_back", "reload", "warm", "clear", "promote", "take_out"), OPERATE),
        "compare": "recommender.view_modelversion",
    },
    "recommender.release": {"promote": OPERATE},
    "recommender.algorithmsettings": {"choose": "recommender.change_trainingplan"},
    "platform.job": {"cancel": "platform.change_job"},
    "platform.apikey": {"rotate": "platform.add_apikey"},
    "auth.user": {"remove_second_factor": "auth.change_user"},
    "platform.alertsubscription": {"send_test": "platform.change_alertsubscription"},
    "platform.alertsilence": {"end": "platform.add_alertsilence"},
    "platform.webhookendpoint": {
        "send_test": "platform.change_webhookendpoint",
        "rotate": "platform.change_webhookendpoint",
    },
    "platform.webhookdelivery": {"redeliver": "platform.change_webhookendpoint"},
    "django_celery_beat.periodictask": dict.fromkeys(
        ("enable_tasks", "disable_tasks", "run_tasks", "run_now"), "django_celery_beat.change_periodictask"
    ),
}
"""What each button of the admin needs, by the rows that it acts on; Django's own deletion apart.

Tests compare it with the pages, and press each button as each role. Buttons that undo have a table of their own,
`recsite.undo_table`. Whoever started a job may cancel it.
"""
