"""Change the types of events: the verbs of the API and of the admin."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from catalog.people_lock import alone_with_users
from interactions import types
from interactions.models import Interaction, InteractionType, PersonEvent
from interactions.schema import PROFILE_UPDATE, UNDO
from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Conflict, Invalid

FIELDS = (
    "weight",
    "is_negative",
    "marks_seen",
    "needs_item",
    "is_conversion",
    "scale_min",
    "scale_max",
    "relevant_at",
    "amount_min",
    "amount_max",
)
OURS = frozenset({"rating", PROFILE_UPDATE, UNDO})
"""Types that the product itself looks for by name."""

OBJECT = "interaction type"
"""What the record of changes speaks of."""

Values = Mapping[str, Any]


def save(kind: InteractionType, *, actor: Actor) -> InteractionType:
    """Add or change a type that was checked, and tell every process; one that is as it was stays untouched."""
    with transaction.atomic():
        before = None if kind._state.adding else InteractionType.objects.select_for_update().get(pk=kind.pk)
        named = [name for name in FIELDS if before is None or getattr(before, name) != getattr(kind, name)]
        if before and not named:
            return kind
        kind.save()
        audit.record(
            actor,
            "interaction_type.change" if before else "interaction_type.create",
            OBJECT,
            kind.name,
            before={name: getattr(before, name) for name in named} if before else None,
            after={name: getattr(kind, name) for name in named},
        )
        types.changed()
    return kind


def create(name: str, values: Values, *, actor: Actor) -> InteractionType:
    """Add a type. Raises Conflict where there is one of that name, and Invalid where its values contradict."""
    kind = _checked(InteractionType(name=name), values)
    try:
        with transaction.atomic():
            return save(kind, actor=actor)
    except IntegrityError as error:
        sentence = f"There is a type {name!r} already. Replace it with PUT."
        raise Conflict({"name": sentence}) from error


def put(name: str, values: Values, *, actor: Actor) -> tuple[InteractionType, bool]:
    """Replace a type, or create it; return it, and whether it is new. What is not named gets its default."""
    with transaction.atomic():
        if kind := InteractionType.objects.select_for_update().filter(name=name).first():
            was_about_items, fresh = kind.needs_item, InteractionType()
            _checked(kind, {**{field: getattr(fresh, field) for field in FIELDS}, **values})
            if kind.needs_item != was_about_items and is_used(kind):
                raise Conflict({"needs_item": "Events of this type are stored: it can't change for them."})
            return save(kind, actor=actor), False
    try:
        return create(name, values, actor=actor), True
    except Conflict:
        return put(name, values, actor=actor)


def delete(name: str, *, actor: Actor) -> bool:
    """Delete a type that no event has; return False where there is none. Raises Conflict where it is in use."""
    # Whoever stores events waits: none of this type comes between the look and the deletion.
    return alone_with_users(lambda: _delete(name, actor), "no type was deleted")


def _delete(name: str, actor: Actor) -> bool:
    kind = InteractionType.objects.select_for_update().filter(name=name).first()
    if kind is None:
        return False
    if name in OURS:
        raise Conflict({"name": f"The product itself needs the type {name!r}: set its weight to 0 to take it out."})
    if is_used(kind):
        raise Conflict(
            {"name": f"Events of the type {name!r} are stored: set its weight to 0 to take it out of lists."}
        )
    kind.delete()
    audit.record(
        actor,
        "interaction_type.delete",
        OBJECT,
        name,
        before={name: getattr(kind, name) for name in FIELDS},
    )
    types.changed()
    return True


def is_used(kind: InteractionType) -> bool:
    """Tell if an event of this type is stored."""
    return any(rows.objects.filter(type=kind.pk).exists() for rows in (Interaction, PersonEvent))


def _checked(kind: InteractionType, values: Values) -> InteractionType:
    for name, value in values.items():
        setattr(kind, name, value)
    # Made anew for the values as they are now.
    kind.__dict__.pop("rule", None)
    try:
        kind.full_clean(validate_unique=False, validate_constraints=True)
    except ValidationError as error:
        wrong = error.message_dict
        named = {("body" if name == "__all__" else name): " ".join(texts) for name, texts in wrong.items()}
        raise Invalid(named) from error
    return kind
