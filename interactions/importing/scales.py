"""Under which interaction type ratings are stored. Values stay as they are; the type knows the scale."""

from django.db import transaction

from catalog.importers.rows import Scale
from interactions import types
from interactions.models import Interaction, InteractionType

RATING = "rating"


@transaction.atomic
def rating_type(scale: Scale) -> InteractionType:
    """The type for ratings on `scale`: `rating`, unless ratings with another best value are stored under it already.

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
    """The type of that name, locked; made with this scale where there is none."""
    ends = {"scale_min": scale.minimum, "scale_max": scale.maximum, "relevant_at": scale.relevant_at}
    kind, is_new = InteractionType.objects.select_for_update().get_or_create(name=name, defaults={"weight": 1, **ends})
    if is_new:
        types.changed()
    return kind


def _fits(kind: InteractionType, scale: Scale) -> bool:
    return kind.scale_max == scale.maximum and kind.scale_min is not None and kind.scale_min <= scale.minimum


def _widen(kind: InteractionType, scale: Scale) -> InteractionType:
    return _change(kind, scale.minimum, scale.maximum, kind.relevant_at or scale.relevant_at)


def _change(kind: InteractionType, lowest: float, highest: float, relevant_at: float) -> InteractionType:
    kind.scale_min, kind.scale_max, kind.relevant_at = lowest, highest, relevant_at
    kind.save()
    types.changed()
    return kind
