"""Say which role of staff may do what: the groups, the docs and the tests are made from this table.

A new permission reaches roles by itself in two cases: whoever views sees the rows of a new model, and the administrator
holds everything. Any other one needs a line in GRANTS, in the same change as the model or the permission. A model whose
rows hold something secret needs a line in SECRETS as well. The groups follow with the next `migrate`.
"""

from collections.abc import Collection
from dataclasses import dataclass

VIEWER = "Viewer"
MERCHANDISER = "Merchandiser"
OPERATOR = "Operator"
ADMINISTRATOR = "Administrator"

ROLES = (VIEWER, MERCHANDISER, OPERATOR, ADMINISTRATOR)
"""The names of the groups. Each sees what the viewer sees, so that one role is enough for anybody."""

APPS = frozenset({"auth", "catalog", "django_celery_beat", "interactions", "platform", "recommender"})
"""The apps whose permissions roles hold: those that have pages in the admin."""

SECRETS = frozenset(
    {
        "auth.view_group",
        "auth.view_permission",
        "auth.view_user",
        "platform.view_alertsubscription",
        "platform.view_apikey",
        "platform.view_idempotentrequest",
        "platform.view_session",
        "platform.view_stafflogin",
        "platform.view_webhookdelivery",
        "platform.view_webhookendpoint",
    }
)
"""What viewing everything leaves out: accounts, keys, kept answers, and addresses that other systems keep secret."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Give some permissions to some roles. The administrator holds them in any case."""

    what: str
    """What the holder may do, in words, for the docs."""
    permissions: tuple[str, ...]
    roles: tuple[str, ...] = ()


def _rows(model: str, *verbs: str) -> tuple[str, ...]:
    app, name = model.split(".")
    return tuple(f"{app}.{verb}_{name}" for verb in verbs)


def _timed(*verbs: str) -> tuple[str, ...]:
    names = ("periodictask", "intervalschedule", "crontabschedule", "clockedschedule", "solarschedule")
    return tuple(permission for name in names for permission in _rows(f"django_celery_beat.{name}", *verbs))


GRANTS: tuple[Grant, ...] = (
    Grant("Items: add, describe, hide and show them", _rows("catalog.item", "add", "change"), (MERCHANDISER,)),
    Grant(
        "Categories: describe and delete them", _rows("catalog.category", "add", "change", "delete"), (MERCHANDISER,)
    ),
    Grant(
        "Placements: make, set and delete them",
        _rows("recommender.placement", "add", "change", "delete"),
        (MERCHANDISER,),
    ),
    Grant(
        "Models and releases: train, promote, roll back, score unseen, reload, warm, clear the cache",
        ("recommender.operate",),
        (OPERATOR,),
    ),
    Grant(
        "Experiments: make, start, pause, stop and archive them, and ship a variant, which publishes or promotes it",
        _rows("recommender.experiment", "add", "change"),
        (OPERATOR,),
    ),
    Grant(
        "Settings of algorithms, and which of them trainings use",
        (
            *_rows("recommender.algorithmsettings", "add", "change", "delete"),
            *_rows("recommender.trainingplan", "change"),
        ),
        (OPERATOR,),
    ),
    Grant("Jobs: cancel anybody's (everybody may cancel their own)", _rows("platform.job", "change"), (OPERATOR,)),
    Grant("The schedule: switch, run and change what runs when", _timed("add", "change", "delete"), (OPERATOR,)),
    Grant(
        "Types of events: weights, scales, new ones",
        _rows("interactions.interactiontype", "add", "change", "delete"),
        (OPERATOR,),
    ),
    Grant(
        "Dead letters: mend, replay and delete them", _rows("interactions.deadletter", "change", "delete"), (OPERATOR,)
    ),
    Grant("Imports: bring files, check and import them", _rows("interactions.fileimport", "add"), (OPERATOR,)),
    Grant("Events: send them, one by one or in bulk", _rows("interactions.interaction", "add"), (OPERATOR,)),
    Grant(
        "Users: add and describe them, opt them out, merge visitors",
        _rows("catalog.enduser", "add", "change"),
        (OPERATOR,),
    ),
    Grant(
        "Webhooks: see, make, pause and test them, send again",
        (
            *_rows("platform.webhookendpoint", "view", "add", "change", "delete"),
            *_rows("platform.webhookdelivery", "view"),
        ),
        (OPERATOR,),
    ),
    Grant(
        "Alerts: choose who is told of which, and silence some for a while",
        (
            *_rows("platform.alertsubscription", "view", "add", "change", "delete"),
            *_rows("platform.alertsilence", "add"),
        ),
        (OPERATOR,),
    ),
    Grant("API keys: see whose they are, what they may do and when each ends", ("platform.view_apikey",), (OPERATOR,)),
    Grant("Items: delete them with everything that happened to them", _rows("catalog.item", "delete")),
    Grant("Users: erase them, and lift an erasure", _rows("catalog.enduser", "delete")),
    Grant("Events: delete them", _rows("interactions.interaction", "delete")),
    Grant(
        "API keys: see, make, rotate, revoke and delete them",
        _rows("platform.apikey", "view", "add", "change", "delete"),
    ),
    Grant(
        "Staff and roles: see, make, change and delete them",
        (
            *_rows("auth.user", "view", "add", "change", "delete"),
            *_rows("auth.group", "view", "add", "change", "delete"),
        ),
    ),
)


def held_by(role: str, known: Collection[str]) -> set[str]:
    """Return which of the known permissions, as `app.codename`, a role holds."""
    ours = {name for name in known if name.partition(".")[0] in APPS}
    if role == ADMINISTRATOR:
        return ours
    seen = {name for name in ours if name.partition(".")[2].startswith("view_")} - SECRETS
    granted = {name for grant in GRANTS if role in grant.roles for name in grant.permissions}
    return seen | (granted & ours)
