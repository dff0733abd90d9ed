"""Keep feedback as Gorse does: one piece for each type, user and item, which is added to, replaced and taken back.

Each piece is one event, whose id is made of the three (`gorse_shapes.event_id`); so models, lists and figures know
nothing of it. Events that came another way are told along with it, and taken back with it, but never changed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from catalog import placeholders
from catalog.importers.gorse_shapes import COMMENT, LABELS, event_id
from catalog.importers.rows import NewType
from interactions import made_types, producers, types
from interactions.histories import Page, Place, Wanted
from interactions.models import Interaction, InteractionType, Review
from interactions.schema import Event, TypeRule
from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Invalid

SOURCE = "gorse"
MOST_OF_ONE = 10_000
"""Events of one user, or of one item, that are told at once: the newest."""

LOCK, STRIPES = 7_302_118, 64
# In the order of their numbers, so that two writers never wait for each other in a circle.
LOCK_STRIPES = "SELECT pg_advisory_xact_lock(%s, stripe) FROM unnest(%s::int[]) AS stripe"


@dataclass(frozen=True, slots=True)
class Feedback:
    """Hold a piece of feedback."""

    type: str
    user_id: str
    item_id: str
    value: float = 0.0
    at: datetime | None = None
    """None for now."""
    comment: str = ""
    labels: Any = None
    updated: datetime | None = None

    @property
    def key(self) -> UUID:
        return event_id(self.type, self.user_id, self.item_id)

    @property
    def context(self) -> dict[str, Any]:
        said = {COMMENT: self.comment, LABELS: self.labels}
        return {name: value for name, value in said.items() if value not in (None, "", [], {})}


def save(given: Sequence[Feedback], *, replaces: bool, actor: Actor) -> int:
    """Store feedback, and return how many pieces were; those of erased users are not.

    What is there already gets the sum of the values and keeps its time or, with `replaces`, becomes what is given. A
    rating is no sum: it becomes what is given. Unknown types, users and items are made. Raises Invalid, and nothing is
    stored then.
    """
    rules = _rules({one.type for one in given}, actor)
    folded = _folded(given, rules, replaces)
    with transaction.atomic():
        _lock(folded)
        known = _known(folded)
        fresh, retracted = list[Feedback](), set[str]()
        for key, one in folded.items():
            kept = known.get(key)
            if kept is None:
                fresh.append(one)
            elif replaces and one.at is not None and one.at != kept.occurred_at:
                # The time is part of what makes an event: another one takes its place.
                Interaction.objects.filter(event_id=key).delete()
                fresh.append(one)
                retracted.add(kept.user.user_id)
            else:
                is_rating = rules[one.type].scale is not None
                _update(kept, one, rules[one.type], adds=not replaces and not is_rating)
                retracted.update([kept.user.user_id] if is_rating or replaces else [])
        lost = _store(fresh, rules, actor)
        _retract(retracted)
    return len(given) - sum(1 for one in given if one.key in lost)


def retract(user_id: str, item_id: str, type_name: str = "", *, actor: Actor) -> int:
    """Take back what a user did with an item, of one type or of all; return how many events that were."""
    with transaction.atomic():
        found = list(_of_pair(user_id, item_id, type_name).values_list("pk", "event_id", "occurred_at"))
        if not found:
            return 0
        times = [at for _, _, at in found]
        Review.objects.filter(event_id__in=[own for _, own, _ in found], user__user_id=user_id).delete()
        within = Interaction.objects.filter(occurred_at__gte=min(times), occurred_at__lte=max(times))
        within.filter(pk__in=[pk for pk, _, _ in found])._raw_delete("default")
        after = {"events": len(found), "type": type_name or "all"}
        audit.record(actor, "feedback.delete", audit.USER, user_id, after=after)
        _retract([user_id])
    return len(found)


def of_pair(user_id: str, item_id: str, type_name: str = "") -> list[Feedback]:
    """Return the feedback of a user on an item."""
    return _merged(_of_pair(user_id, item_id, type_name).order_by("occurred_at", "pk"))


def of_user(user_id: str, type_name: str = "") -> list[Feedback]:
    """Return the feedback of a user, the newest first."""
    return _newest(Interaction.objects.filter(user__user_id=user_id), type_name)


def of_item(item_id: str, type_name: str = "") -> list[Feedback]:
    """Return the feedback on an item, the newest first."""
    return _newest(Interaction.objects.filter(item__item_id=item_id), type_name)


def page(type_name: str, after: Place | None, n: int) -> tuple[list[Feedback], Place | None]:
    """Return n events behind a place, the newest first, and the place of the last one where more follow."""
    kind = InteractionType.objects.filter(name=type_name).first() if type_name else None
    if type_name and kind is None:
        return [], None
    rows = Wanted(kind, after=after, limit=n).of(Interaction.objects.select_related("user", "item", "type"), 0)
    found = Page(rows[:n], {}, Place.of(rows[n - 1]) if len(rows) > n > 0 else None)
    return [_told(row) for row in found.rows if isinstance(row, Interaction)], found.next


def _rules(names: Collection[str], actor: Actor) -> Mapping[str, TypeRule]:
    """Return the rules of types; make those that there are not yet, in a transaction of their own."""
    known = types.rules()
    unknown = sorted(set(names) - known.keys())
    return {**known, **made_types.make([NewType(name) for name in unknown], actor=actor)} if unknown else known


def _folded(given: Iterable[Feedback], rules: Mapping[str, TypeRule], replaces: bool) -> dict[UUID, Feedback]:
    """Return one piece for each key, as if they had come one after the other. Raises Invalid."""
    folded = dict[UUID, Feedback]()
    for one in given:
        rule, key = rules[one.type], one.key
        earlier = folded.get(key)
        if not rule.needs_item:
            raise Invalid({"FeedbackType": f"A {one.type} is about no item."})
        if rule.scale and (wrong := rule.value_error(one.value)):
            raise Invalid({"Value": wrong})
        if earlier and not replaces and not rule.scale:
            one = replace(one, value=earlier.value + one.value, at=earlier.at)
        if wrong := rule.value_error(one.value):
            raise Invalid({"Value": wrong})
        folded[key] = one
    return folded


def _lock(keys: Iterable[UUID]) -> None:
    """Let nobody else write feedback with these keys until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_STRIPES, [LOCK, sorted({key.int % STRIPES for key in keys})])


def _known(keys: Collection[UUID]) -> dict[UUID, Interaction]:
    return {row.event_id: row for row in Interaction.objects.filter(event_id__in=keys).select_related("user")}


def _update(kept: Interaction, one: Feedback, rule: TypeRule, adds: bool) -> None:
    value = (kept.value or 0.0) + one.value if adds else one.value
    if wrong := rule.value_error(value):
        raise Invalid({"Value": wrong})
    context = {**(kept.context or {}), **one.context} if adds else one.context
    row = Interaction.objects.filter(pk=kept.pk, occurred_at=kept.occurred_at)
    row.update(value=value or None, context=context or None, received_at=timezone.now())


def _store(fresh: Sequence[Feedback], rules: Mapping[str, TypeRule], actor: Actor) -> set[UUID]:
    """Store new pieces; return the keys of those that could not be, since their users were erased. Raises Invalid."""
    if not fresh:
        return set()
    placeholders.make_missing({one.item_id for one in fresh}, actor=actor)
    now = timezone.now()
    events = [
        Event(
            one.key,
            one.user_id,
            one.item_id,
            one.type,
            one.at or now,
            one.value if one.value or rules[one.type].scale else None,
            one.context,
        )
        for one in fresh
    ]
    outcome = producers.store_and_tell(events, SOURCE, dead_letters=False)
    if wrong := [refusal for refusal in outcome.refused if not refusal.is_erased]:
        raise Invalid({refusal.field or "Feedback": refusal.reason for refusal in wrong})
    return {events[position].event_id for position in outcome.erased}


def _retract(user_ids: Collection[str]) -> None:
    """Tell the sinks of users whose events changed or went, in the transaction."""
    if user_ids:
        for path in settings.RETRACTION_SINKS:
            import_string(path)(user_ids)


def _of_pair(user_id: str, item_id: str, type_name: str) -> Any:
    rows = Interaction.objects.filter(user__user_id=user_id, item__item_id=item_id)
    if type_name:
        rows = rows.filter(type__name=type_name)
    return rows.select_related("user", "item", "type")


def _newest(rows: Any, type_name: str) -> list[Feedback]:
    if type_name:
        rows = rows.filter(type__name=type_name)
    newest = rows.select_related("user", "item", "type").order_by("-occurred_at", "-pk")
    return _merged(newest[:MOST_OF_ONE])


def _merged(rows: Iterable[Interaction]) -> list[Feedback]:
    """Return one piece for each type, user and item: their values added up, from the earliest time on."""
    found = dict[UUID, Feedback]()
    for row in rows:
        one = _told(row)
        if other := found.get(one.key):
            first = min(moment for moment in (one.at, other.at) if moment)
            updated = max(moment for moment in (one.updated, other.updated) if moment)
            one = replace(other, value=other.value + one.value, at=first, updated=updated)
        found[one.key] = one
    return list(found.values())


def _told(row: Interaction) -> Feedback:
    said = row.context or {}
    comment = said.get(COMMENT, "")
    return Feedback(
        row.type.name,
        row.user.user_id,
        row.item.item_id,
        row.value or 0.0,
        row.occurred_at,
        comment if isinstance(comment, str) else "",
        said.get(LABELS),
        row.received_at,
    )
