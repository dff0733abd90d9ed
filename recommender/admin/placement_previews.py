"""Draw the preview of a placement: the cards of what would be listed, with what moved marked, beside those of now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from catalog import snapshot
from recommender.admin.placement_forms import CHOSEN, NEWCOMER, SubjectForm
from recommender.merchandising import ListSettings
from recommender.models import Placement
from recommender.serving.preview import FROM_ITEMS, PreviewItem, Subject, preview, typical_item, typical_user
from recsite.platform.exceptions import UserFacingError


@dataclass(frozen=True, slots=True)
class PreviewCard:
    """Describe one cover of a preview. `mark` says what became of it: "new", "up 3", "down 2", "now 20", "gone"."""

    pk: int
    rank: int
    title: str
    creator: str
    source: str
    mark: str = ""
    rules: Sequence[str] = ()
    """What rules did to it: "pinned", "boosted" ..."""


def of(placement: Placement, own: ListSettings, form: SubjectForm) -> dict[str, Any]:
    """Return the preview for the template, or the sentence that says why there is none."""
    form.is_valid()
    sent = getattr(form, "cleaned_data", {}) if form.is_bound else {}
    try:
        subject, name = _subject(placement, sent.get("subject") or "", (sent.get("subject_id") or "").strip())
        found = preview(placement, own, subject)
    except UserFacingError as error:
        return {"wrong": [str(error)]}
    listed = {item.item_id for item in found.after}
    return {
        "subject_name": name,
        "preview": found,
        "conflicts": found.conflicts,
        "before": list(_cards(found.before, lambda item: "" if item.item_id in listed else _left(item))),
        "after": list(_cards(found.after, _mark)),
    }


def _subject(placement: Placement, chosen: str, given: str) -> tuple[Subject, str]:
    """Return for whom the lists are made, and the name of it."""
    if placement.kind in FROM_ITEMS:
        item_id = given if chosen == CHOSEN and given else typical_item()
        return Subject(items=(item_id,)), f"“{item_id}”"
    if chosen == CHOSEN and given:
        return Subject(given), given
    if chosen == NEWCOMER:
        return Subject(), "a newcomer"
    user_id = typical_user()
    return Subject(user_id), f"{user_id}, who is typical" if user_id else "a newcomer"


def _mark(item: PreviewItem) -> str:
    if item.other_rank is None:
        return "new"
    if not item.moved:
        return ""
    return f"up {item.moved}" if item.moved > 0 else f"down {-item.moved}"


def _left(item: PreviewItem) -> str:
    """Say where an item is that the cards of the other list don't show."""
    return "gone" if item.other_rank is None else f"now {item.other_rank}"


def _cards(items: Sequence[PreviewItem], mark: Any) -> Iterator[PreviewCard]:
    catalogue = snapshot.current()
    for item in items:
        row = catalogue.row_of(item.item_id)
        if row is not None:
            creator = catalogue.creators[row]
            yield PreviewCard(
                int(catalogue.ids[row]), item.rank, item.title, creator, item.source, mark(item), item.rules
            )
