"""Estimate what a release, a model or a draft would achieve at a placement, before anybody sees it.

The logs are the lists whose order the placement drew at random. Each of them is made once more as the candidate would
have made it at that moment, from the events that had come in by then, and the clicks are weighed by how probable it was
that an item came where it was clicked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any, Self

import numpy as np
from django.db import transaction
from django.utils import timezone

from catalog.models import EndUser
from recommender import dataset, merchandising
from recommender.cache import NOBODY
from recommender.engine.estimates.logs import Logs
from recommender.engine.estimates.off_policy import estimate
from recommender.engine.estimates.ranks import KEPT, position_matrix
from recommender.engine.types import UNKNOWN, IntArray, Progress, RowArray, silent
from recommender.insight.impressions import randomised
from recommender.merchandising import ListSettings
from recommender.merchandising.settings import EXPLORING
from recommender.models import ListImpression, Placement, Release
from recommender.operations.estimate_words import Estimated
from recommender.operations.lists_then import page_then, placement_then, with_weight
from recommender.serving.candidates import ServingContext, context_of_release, context_of_version, current_context
from recommender.serving.candidates.histories import UserHistories
from recommender.serving.candidates.loaded_release import LoadedModel
from recommender.serving.contract import Request
from recommender.serving.leading import asked_to_lead
from recommender.serving.placements import ServedPlacement
from recsite.platform import database
from recsite.platform.exceptions import UserFacingError

DAYS = 28
LENGTH = 10
"""The most positions that are estimated: clicks further down say too little of how far users look. Where most lists are
shorter, it is their length."""

TOLD = 10
"""How often the progress is told."""

LEAST_DRAWN = 0.05
"""The share of the lists that must have drawn a position: of one that a new item always holds nothing is learned."""


class NothingRandomised(UserFacingError):
    """Report that the placement has drawn no lists that could be used."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Hold what is estimated."""

    title: str
    context: Callable[[], ServingContext]
    release: int = 0
    settings: ListSettings | None = None
    """Those of a draft; None for what each list was made with."""

    @classmethod
    def of_release(cls, number: int) -> Self:
        """Return a release; UnknownRelease is raised when it is loaded."""
        return cls(f"Release {number}", partial(context_of_release, number), number)

    @classmethod
    def of_model(cls, number: int) -> Self:
        """Return the live release with a model in the place of its like."""
        return cls(f"Model {number}", partial(context_of_version, number))

    @classmethod
    def of_draft(cls, placement: Placement) -> Self:
        """Return the live release with the draft of a placement. Raises NothingRandomised where there is none."""
        if placement.draft is None:
            raise NothingRandomised(f"{placement.name} has no draft to estimate. Save one first.")
        return cls("The draft", current_context, settings=ListSettings.stored(placement.draft))


def find_placement(name: str) -> Placement:
    """Return a placement whose lists can be estimated. Raises Placement.DoesNotExist, and NothingRandomised."""
    found = merchandising.find(name)
    if found.kind not in EXPLORING:
        titles = ", ".join(str(Placement.Kind(one).label) for one in Placement.Kind.values if one in EXPLORING)
        raise NothingRandomised(
            f"{name} can't be estimated: no list of its kind ({found.get_kind_display()}) is ever drawn at random. "
            f"Choose a placement of a kind whose lists are: {titles}."
        )
    return found


def candidate(placement: str, release: int = 0, model: int = 0) -> Candidate:
    """Return the release or the model of this number, else the placement's draft.

    Raises NothingRandomised where there is no draft, and Placement.DoesNotExist.
    """
    if release:
        return Candidate.of_release(release)
    return Candidate.of_model(model) if model else Candidate.of_draft(merchandising.find(placement))


def estimate_at(
    name: str, candidate: Candidate, *, is_later_only: bool = False, progress: Progress = silent
) -> Estimated:
    """Estimate a candidate at a placement from the lists that it drew in the last DAYS.

    With `is_later_only` from those after the training alone: a model has learned from the clicks on all earlier ones.
    What is said of a release is kept with it. Raises NothingRandomised, UnknownRelease, Placement.DoesNotExist.
    """
    placement, context = find_placement(name), candidate.context()
    trained_at = max((one.trained_at for one in context.release.members.values()), default=None)
    since = timezone.now() - timedelta(days=DAYS)
    if is_later_only and trained_at:
        since = max(since, trained_at)
    rows = randomised.lists(name, since)
    if not rows:
        raise NothingRandomised(_nothing(placement, candidate, is_later_only))
    clicks = randomised.clicks(rows)
    targets = _Targets(candidate, context).of(rows, progress)
    length = min(LENGTH, int(np.median([len(row.items) for row in rows])))
    places = _drawn_places(rows, length)
    if not len(places):
        raise NothingRandomised(f"Pins and new items hold all positions of {name}, so nothing can be estimated there.")
    result = estimate(*_logs(rows, clicks, targets, places))
    found = Estimated(
        placement=name,
        candidate=candidate.title,
        made_at=timezone.now(),
        lists=len(rows),
        users=len({row.user_id for row in rows}),
        earlier=sum(trained_at is not None and row.served_at <= trained_at for row in rows),
        first=rows[-1].served_at,
        last=rows[0].served_at,
        length=float(np.mean([np.count_nonzero(places < len(row.items)) for row in rows])),
        held=tuple(sorted({*range(1, length + 1)} - {*(places + 1).tolist()})),
        usual=randomised.usual(name, rows[-1].served_at, rows[0].served_at, (places + 1).tolist()),
        result=result,
    )
    if candidate.release:
        _keep(candidate.release, found)
    return found


class _Targets:
    """Make the lists of a candidate for requests that were answered, each as of its moment."""

    def __init__(self, candidate: Candidate, context: ServingContext) -> None:
        self.candidate, self.context = candidate, context
        self._placements: dict[tuple[str, int | None], tuple[ServedPlacement, ServingContext, str]] = {}

    def of(self, rows: Sequence[ListImpression], progress: Progress) -> Mapping[int, Sequence[int]]:
        """Return the items (internal ids) of the candidate's list by the row's key."""
        found: dict[int, Sequence[int]] = {}
        pks = _pks({row.user_id for row in rows})
        said = 0
        for user_id, own in groupby(sorted(rows, key=lambda row: row.user_id), key=lambda row: row.user_id):
            if TOLD * len(found) >= said * len(rows):
                progress(len(found) / len(rows), f"{len(found):,} of {len(rows):,} lists")
                said += 1
            person = pks.get(user_id, NOBODY)
            real = database.ask(partial(dataset.load_all_of, person))
            found.update((row.pk, self._list(row, person, real)) for row in own)
        return found

    def _list(self, row: ListImpression, person: int, real: dataset.RecentEvents) -> Sequence[int]:
        placement, context, algorithm = self._placement(row)
        read = partial(_HistoriesThen, row.served_at)
        _, page = page_then(context, placement, algorithm, row, person, real, read)
        items: list[int] = context.catalogue.ids[page.ranked.rows[: len(row.items)]].tolist()
        return items

    def _placement(self, row: ListImpression) -> tuple[ServedPlacement, ServingContext, str]:
        """Return the placement as the candidate has it, with the context of its weight and what leads its lists."""
        key = row.placement, row.placement_revision
        if key not in self._placements:
            own = self.candidate.settings
            placement = placement_then(row) if own is None else ServedPlacement(row.placement, settings=own)
            algorithm = asked_to_lead(self.context, Request(), placement.settings)
            self._placements[key] = placement, with_weight(self.context, placement, algorithm), algorithm
        return self._placements[key]


class _HistoriesThen(UserHistories):
    """Read a user's history as of a moment: what a model learned of them later is left out, by folding in."""

    def __init__(self, at: datetime, user_pks: Any, events: dataset.RecentEvents) -> None:
        super().__init__(user_pks, events)
        self._at = at

    def newer_than(self, member: LoadedModel) -> Any:
        if member.trained_at > self._at:
            return np.ones(len(self.user_pks), bool)
        return super().newer_than(member)


def _pks(user_ids: set[str]) -> Mapping[str, int]:
    found = EndUser.objects.filter(user_id__in=user_ids, opted_out_at=None)
    return dict(found.values_list("user_id", "pk"))


def _drawn_places(rows: Sequence[ListImpression], length: int) -> IntArray:
    """Return which of the first `length` places, from 0 on, enough of the lists have drawn."""
    drawn = np.zeros(length)
    for row in rows:
        ranks = np.array((row.drawn_ranks or [])[:length])
        drawn[: len(ranks)] += ranks != KEPT
    return np.flatnonzero(drawn >= LEAST_DRAWN * len(rows))


def _logs(
    rows: Sequence[ListImpression],
    clicks: Mapping[int, set[int]],
    targets: Mapping[int, Sequence[int]],
    places: IntArray,
) -> tuple[Logs, RowArray]:
    """Return the logs of these places, from 0 on, and the candidate's lists in the same items' rows."""
    m, length = len(rows), len(places)
    shown, target = (np.full((m, length), UNKNOWN, np.int64) for _ in range(2))
    clicked, propensities = np.zeros((m, length), bool), np.zeros((m, length, length))
    for at, row in enumerate(rows):
        its = places[places < len(row.items)]
        items, n = [row.items[place] for place in its.tolist()], len(its)
        shown[at, :n] = items
        clicked[at, :n] = [item in clicks.get(row.pk, ()) for item in items]
        chances = position_matrix(row.drawn_ranks or [], row.drawn_of or 0, row.temperature or 1.0)
        propensities[at, :n, :n] = chances[np.ix_(its, its)]
        own = targets[row.pk]
        there = [own[place] for place in its.tolist() if place < len(own)]
        target[at, : len(there)] = there
    ids, dense = np.unique(np.concatenate([shown, target]), return_inverse=True)
    numbers = np.where(ids == UNKNOWN, UNKNOWN, np.arange(len(ids)))[dense.reshape(2 * m, length)].astype(np.int32)
    users = np.unique([row.user_id for row in rows], return_inverse=True)[1]
    return Logs(numbers[:m], clicked, propensities, users), numbers[m:]


def _keep(number: int, found: Estimated) -> None:
    """Keep what was found with the release, in the place of the last one at this placement."""
    with transaction.atomic():
        release = Release.objects.select_for_update().filter(pk=number).first()
        if release is not None:
            release.estimates = {**release.estimates, found.placement: found.as_json()}
            release.save(update_fields=["estimates"])


def _nothing(placement: Placement, candidate: Candidate, is_later_only: bool) -> str:
    live = ListSettings.stored(placement.live.settings) if placement.live else ListSettings()
    when = f"since {candidate.title} was trained" if is_later_only else f"in the last {DAYS} days"
    said = f"No list of {placement.name} was drawn at random {when}, so nothing can be estimated."
    if not live.randomised_share:
        return f"{said} Publish a revision with a randomised share, such as 0.05, and wait until users have seen some."
    if is_later_only:
        return f"{said} Wait, or take the earlier lists as well."
    return f"{said} {100 * live.randomised_share:g} % of the answers are: wait until users have seen some."
