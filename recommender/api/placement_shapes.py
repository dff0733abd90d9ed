"""The shapes of placements in the API: bodies, answers and examples."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from rest_framework import serializers

from catalog.validation import Id
from recommender.merchandising import ListSettings, fields_of
from recommender.merchandising.settings import HYBRID
from recommender.models import Placement, PlacementRevision
from recommender.serving.preview import Preview, PreviewItem
from recsite.platform.request_fields import Field, Fields, ours
from recsite.platform.request_fields import described as described_fields
from recsite.platform.schema import in_path
from recsite.platform.values import Choice, Integer, Many, Text, ValueType, WrongValue

LARGEST = 2**31 - 1
LISTED = 50
"""Revisions of a history."""

MOST_ITEMS = 100
NAME = in_path("name", {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$", "maxLength": 50}, "The placement's name.")


class Settings(ValueType):
    """Take an object of settings as it comes: which fields it may have depends on the placement's kind."""

    def from_json(self, value: Any) -> Any:
        if not isinstance(value, dict):
            raise WrongValue("An object is needed.")
        return value

    def schema(self) -> dict[str, Any]:
        return _nullable(described_fields(fields_of())["application/json"])


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """Let every setting be null, which stands for its default."""
    properties = {name: _or_null(one) for name, one in schema["properties"].items()}
    return {**schema, "properties": properties}


def _or_null(one: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {name: one[name] for name in ("description", "default") if name in one}
    return {"anyOf": [{name: v for name, v in one.items() if name not in said}, {"type": "null"}], **said}


SETTINGS = Field(
    Settings(),
    "What lists show; what isn't named is as usual. Lists of some kinds have no fallbacks, no algorithm or no share.",
    is_required=True,
)
VERSION = Field(
    Integer(0, LARGEST),
    "The `draft_version` that you saw. If somebody has saved or published meanwhile, nothing changes (409).",
    is_required=True,
)
LIVE = Field(
    Integer(1, LARGEST), "The number of the revision that you saw live. If another is by then, nothing changes (409)."
)
NOTE = Field(Text(500), "Why, for the history.")
NEW: Fields = {
    "name": Field(Text(50), "Letters, digits, - and _: what clients send.", is_required=True),
    "kind": Field(Choice(tuple(Placement.Kind.values)), "The lists that it may be asked for.", is_required=True),
    "description": Field(Text(500), "Where it is, for your colleagues."),
}
READ = ours("based_on", "saved_at", "saved_by", "number", "note", "published_at", "published_by", "reverts_to")
"""What stands beside the settings in a draft and in a revision that were read."""

DRAFT: Fields = {"settings": SETTINGS, "version": VERSION, **READ}
PUBLISH: Fields = {"version": VERSION, "live": LIVE, "note": NOTE}
REVERT: Fields = {
    "to": Field(Integer(1, LARGEST), "The number of the revision to return to.", is_required=True),
    "live": LIVE,
    "note": NOTE,
}
PREVIEW: Fields = {
    "settings": Field(SETTINGS.type, f"{SETTINGS.description} Default: those of the draft, else of what is live."),
    "user_id": Field(Id(), "For whom. Default: a newcomer."),
    "items": Field(Many(Id(), MOST_ITEMS, 1), "What the list starts from, where it starts from items."),
    "limit": Field(Integer(1, settings.MAX_RECOMMENDATION_COUNT), "Length of both lists.", 12),
}


class RevisionOut(serializers.Serializer):
    number = serializers.IntegerField(help_text="From 1 on, for each placement.")
    settings = serializers.DictField(help_text="As `PUT draft` takes them; all of them.")
    note = serializers.CharField()
    published_at = serializers.DateTimeField()
    published_by = serializers.CharField()
    reverts_to = serializers.IntegerField(allow_null=True, help_text="The revision that it repeats.")


class DraftOut(serializers.Serializer):
    settings = serializers.DictField()
    based_on = serializers.IntegerField(allow_null=True, help_text="What was live when it was begun.")
    saved_at = serializers.DateTimeField()
    saved_by = serializers.CharField()


class PlacementOut(serializers.Serializer):
    name = serializers.CharField()
    kind = serializers.ChoiceField(Placement.Kind.values)
    description = serializers.CharField()
    live = RevisionOut(allow_null=True)
    draft_version = serializers.IntegerField(help_text="Send it with the next draft; there is one without a draft too.")
    draft = DraftOut(allow_null=True)


class PlacementWithHistoryOut(PlacementOut):
    history = RevisionOut(many=True, help_text=f"The latest {LISTED} revisions, the newest first.")


class PlacementListOut(serializers.Serializer):
    placements = PlacementOut(many=True)


class PreviewItemOut(serializers.Serializer):
    item_id = serializers.CharField()
    title = serializers.CharField()
    rank = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]  # REST framework takes fields out of the class
    other_rank = serializers.IntegerField(allow_null=True, help_text="On the other list; null where it isn't there.")
    rules = serializers.ListField(child=serializers.CharField(), help_text="What rules did to it, such as `pinned`.")


CONFLICTS = serializers.ListField(
    child=serializers.CharField(), help_text="What stands in the way of the rules: a sentence each, as a warning."
)


class PlacementDraftedOut(PlacementOut):
    conflicts = CONFLICTS


class PreviewOut(serializers.Serializer):
    before = PreviewItemOut(many=True, help_text="What is live.")
    after = PreviewItemOut(many=True, help_text="With these settings.")
    algorithm_before = serializers.CharField()
    algorithm_after = serializers.CharField()
    conflicts = CONFLICTS


def placement_as_json(placement: Placement) -> dict[str, Any]:
    """Return a placement with its live revision and its draft."""
    drafted = placement.draft is not None
    draft = {
        "settings": ListSettings.stored(placement.draft or {}).as_json(),
        "based_on": placement.draft_base,
        "saved_at": placement.draft_saved_at,
        "saved_by": placement.draft_saved_by,
    }
    return {
        "name": placement.name,
        "kind": placement.kind,
        "description": placement.description,
        "live": revision_as_json(placement.live) if placement.live else None,
        "draft_version": placement.draft_version,
        "draft": draft if drafted else None,
    }


def with_history(placement: Placement) -> dict[str, Any]:
    """Return the same with the latest revisions."""
    rows = placement.revisions.order_by("-number")[:LISTED]
    return {**placement_as_json(placement), "history": list(map(revision_as_json, rows))}


def revision_as_json(row: PlacementRevision) -> dict[str, Any]:
    """Return a revision; what it doesn't name, since it is older than the setting, is as usual."""
    return {
        "number": row.number,
        "settings": ListSettings.stored(row.settings).as_json(),
        "note": row.note,
        "published_at": row.published_at,
        "published_by": row.published_by,
        "reverts_to": row.reverts_to,
    }


def preview_as_json(found: Preview) -> dict[str, Any]:
    """Return both lists of a preview."""
    return {
        "before": _items(found.before),
        "after": _items(found.after),
        "algorithm_before": found.algorithm_before,
        "algorithm_after": found.algorithm_after,
        "conflicts": list(found.conflicts),
    }


def _items(items: Sequence[PreviewItem]) -> list[dict[str, Any]]:
    names = ("item_id", "title", "rank", "source", "other_rank")
    return [{name: getattr(item, name) for name in names} | {"rules": list(item.rules)} for item in items]


REVISION: dict[str, Any] = {
    "number": 3,
    "settings": ListSettings(algorithm=HYBRID, diversity=0.2, count=12, fallbacks=("trending",)).as_json(),
    "note": "More of a mix for the spring.",
    "published_at": "2026-05-01T12:00:00+00:00",
    "published_by": "grace",
    "reverts_to": None,
}
PLACEMENT: dict[str, Any] = {
    "name": "home",
    "kind": "user",
    "description": "The first shelf of the start page.",
    "live": REVISION,
    "draft_version": 7,
    "draft": {
        "settings": ListSettings(algorithm=HYBRID, diversity=0.4, count=12, fallbacks=("trending",)).as_json(),
        "based_on": 3,
        "saved_at": "2026-05-02T09:00:00+00:00",
        "saved_by": "ada",
    },
}
PUBLISHED = PLACEMENT | {"draft": None}
CARD = {"item_id": "emma", "title": "Emma", "rank": 1, "source": "hybrid", "other_rank": 4, "rules": ["boosted"]}
PREVIEWED: dict[str, Any] = {
    "before": [CARD | {"rank": 4, "other_rank": 1}],
    "after": [CARD],
    "algorithm_before": HYBRID,
    "algorithm_after": HYBRID,
    "conflicts": [],
}
