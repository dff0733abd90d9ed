"""Choose the interaction type of a file's ratings. Values stay as they are; the type knows the scale."""

from django.db import transaction

from catalog.importers.rows import Scale
from interactions import types
from interactions.models import Interaction, InteractionType

RATING = "rating"


@transaction.atomic
def rating_type(scale: Scale) -> InteractionType:
    """Return the type for ratings on `scale`: `rating`, unless ratings with another best value are stored under it.

    Without any ratings, `rating` takes the scale over. Where the best value is the same, as with half stars beside
    whole ones, its scale is widened downwards. Else it is a type of its own, such as `rating_10`.
    """
    usual = _get(RATING, scale)
    if _fits(usual, scale):
        return usual
    if not Interaction.objects.filter(type=usual).exists():
        return _change(usual, scale.minimum, scale.maximum, scale.relevant_at)
    if usual.scale_max == scale.maximum:
        return _widen(usual, scale)
    own = _get(f"{RATING}_{scale.maximum:g}".replace(".", "-"), scale)
    return own if _fits(own, scale) else _widen(own, scale)


def _get(name: str, scale: Scale) -> InteractionType:
    """Return the type of that name, locked; make it with this scale where there is none."""
    ends = {"scale_min": scale.minimum, "scale_max": scale.maximum, "relevant_at": scale.relevant_at}
    type_, is_new = InteractionType.objects.select_for_update().get_or_create(name=name, defaults={"weight": 1, **ends})
    if is_new:
        types.changed()
    return type_


def _fits(type_: InteractionType, scale: Scale) -> bool:
    return type_.scale_max == scale.maximum and type_.scale_min is not None and type_.scale_min <= scale.minimum


def _widen(type_: InteractionType, scale: Scale) -> InteractionType:
    return _change(type_, scale.minimum, scale.maximum, type_.relevant_at or scale.relevant_at)


def _change(type_: InteractionType, lowest: float, highest: float, relevant_at: float) -> InteractionType:
    type_.scale_min, type_.scale_max, type_.relevant_at = lowest, highest, relevant_at
    type_.save()
    types.changed()
    return type_
