"""Draw the preview of a placement: the cards of what would be listed, with what moved marked, beside those of now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from catalog import item_names, snapshot
from recommender.admin import cards
from recommender.admin.placement_forms import CHOSEN, NEWCOMER, SubjectForm
from recommender.engine.rules.arranging import Word
from recommender.merchandising import ListSettings
from recommender.models import Placement
from recommender.serving.preview import (
    FROM_ITEMS,
    IMPERSONAL_KINDS,
    Preview,
    PreviewItem,
    Subject,
    preview,
    typical_item,
    typical_user,
)
from recsite.platform.exceptions import UserFacingError
from recsite.platform.parts import Badge, Card

MOVING = (Word.BOOSTED.value, Word.BURIED.value)
"""What rules do that moves an item by some positions, which its badge says."""


@dataclass(frozen=True, slots=True)
class ShownList:
    """Hold one list of the page: what it is, what leads it, and its cards."""

    heading: str
    led_by: str
    cards: Sequence[Card]


def of(placement: Placement, own: ListSettings, form: SubjectForm) -> dict[str, Any]:
    """Return the preview for the template, or the sentence that says why there is none."""
    form.is_valid()
    sent = getattr(form, "cleaned_data", {}) if form.is_bound else {}
    try:
        subject, name = _subject(placement, sent.get("subject") or "", (sent.get("subject_id") or "").strip())
        found = preview(placement, own, subject)
    except UserFacingError as error:
        return {"wrong": [str(error)]}
    return {
        "subject_name": name,
        "preview": found,
        "conflicts": found.conflicts,
        "lists": _beside(found) if found.changed else [_alone("Live, and with this draft", found)],
    }


def shown_now(placement: Placement, own: ListSettings) -> dict[str, Any]:
    """Return what is live for somebody typical and, where lists differ by user, for a newcomer."""
    subjects = [_subject(placement, "", "")]
    if placement.kind in IMPERSONAL_KINDS:
        subjects = [(Subject(), "everybody")]
    elif placement.kind not in FROM_ITEMS and subjects[0][0] != Subject():
        subjects.append(_subject(placement, NEWCOMER, ""))
    try:
        found = [(name, preview(placement, own, subject)) for subject, name in subjects]
    except UserFacingError as error:
        return {"wrong": [str(error)]}
    return {"lists": [_alone(f"For {name}", one) for name, one in found], "conflicts": found[0][1].conflicts}


def changes_for_somebody(placement: Placement, own: ListSettings) -> str:
    """Say in a sentence what settings change for somebody typical; nothing where no list can be made now."""
    try:
        subject, name = _subject(placement, "", "")
        found = preview(placement, own, subject)
    except UserFacingError:
        return ""
    return f"For {name}, {found.changed} of the first {found.length} positions change."


def _subject(placement: Placement, chosen: str, given: str) -> tuple[Subject, str]:
    """Return for whom the lists are made, and the name of it."""
    if placement.kind in FROM_ITEMS:
        item_id = _item_id(given) if chosen == CHOSEN and given else typical_item()
        return Subject(items=(item_id,)), f"“{item_id}”"
    if chosen == CHOSEN and given:
        return Subject(given), given
    if chosen == NEWCOMER:
        return Subject(), "a newcomer"
    user_id = typical_user()
    return Subject(user_id), f"{user_id}, who is typical" if user_id else "a newcomer"


def _item_id(text: str) -> str:
    """Return the id of the one item that has this id or title; the text itself, where none or several have."""
    found = item_names.named(text)
    return found[0].item_id if len(found) == 1 else text


def _beside(found: Preview) -> list[ShownList]:
    stays = {item.item_id for item in found.after}
    return [
        ShownList("Live", found.algorithm_before, list(_cards(found.before, lambda item: _left(item, stays)))),
        ShownList("With this draft", found.algorithm_after, list(_cards(found.after, _mark))),
    ]


def _alone(heading: str, found: Preview) -> ShownList:
    return ShownList(heading, found.algorithm_after, list(_cards(found.after, lambda _: "")))


def _mark(item: PreviewItem) -> str:
    """Say how an item came to its position."""
    if item.other_rank is None:
        return "came in"
    if not item.moved:
        return ""
    return f"up {item.moved}" if item.moved > 0 else f"down {-item.moved}"


def _left(item: PreviewItem, stays: set[str]) -> str:
    """Say where an item is that the cards of the other list don't show."""
    if item.item_id in stays:
        return ""
    return "gone" if item.other_rank is None else f"now {item.other_rank}"


def _cards(items: Sequence[PreviewItem], mark: Any) -> Iterator[Card]:
    catalogue = snapshot.current()
    for item in items:
        row = catalogue.row_of(item.item_id)
        if row is None:
            continue
        pk, said = int(catalogue.ids[row]), mark(item)
        yield Card(
            item.title,
            link=reverse("item-page", args=[pk]),
            cover=cards.address_of(pk),
            rank=item.rank,
            sentence=item.source,
            badges=list(_badges(item, said)),
            is_moved=bool(said),
        )


def _badges(item: PreviewItem, said: str) -> Iterator[Badge]:
    is_moved_by_rule = False
    for did in item.rules:
        by = f" {item.moved:+d}" if did in MOVING and said.startswith(("up ", "down ")) else ""
        is_moved_by_rule |= bool(by)
        yield Badge(f"{did}{by}", hint="By a rule of this placement.")
    if cards.GROUND_OF.get(item.source) == cards.NEW:
        yield Badge("new", hint="A new item, which lists try.")
    if said and not is_moved_by_rule:
        yield Badge(said)
