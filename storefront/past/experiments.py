"""Run an experiment that ended with a winner that was shipped, and one that began some days ago and still runs."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from recommender.insight.experiments import results, verbs
from recommender.insight.experiments.definition import Definition
from recommender.insight.experiments.servable import unservable
from recommender.models import Experiment, Release
from recsite.platform.exceptions import Invalid
from storefront.past.timeline import OPERATOR, Timeline, staff

CONTROL = {"name": "control", "share": 0.5}
CONTENT_WEIGHT = 0.6
PREPARED = timedelta(hours=1)
"""How long before its start an experiment is made."""


def compare_releases(
    timeline: Timeline, placement: str, release: Release | None, start: datetime, end: datetime
) -> Experiment | None:
    """Show half of the users what a release would, from `start` to `end`; None where there is no such release."""
    if release is None or timeline.release_at(start) in (None, release):
        return None
    variant = {"name": "personal", "share": 0.5, "release": release.pk}
    body = {
        "key": "personal-lists",
        "hypothesis": "Lists that are made for each user are clicked more than what is popular.",
        "guardrails": {"conversion_rate": 0.2},
        "minimum_lift": 0.1,
        "variants": [CONTROL, variant],
    }
    return _draft(timeline, placement, body, start, end)


def weigh_content(timeline: Timeline, placement: str, start: datetime) -> Experiment | None:
    """Show half of the users lists in which content weighs more, from `start` on; None where nothing has content."""
    variant = {"name": "content", "share": 0.5, "content_weight": CONTENT_WEIGHT}
    body = {
        "key": "content-first",
        "hypothesis": "Users of few titles click more when what titles are weighs more than what others did.",
        "minimum_lift": 0.1,
        "variants": [CONTROL, variant],
    }
    return _draft(timeline, placement, body, start, None)


def stop(experiment: Experiment, start: datetime, end: datetime) -> str:
    """Start and stop in one step, so that nobody who visits meanwhile is in it; ship the winner, if there is one.

    Return the result in a sentence.
    """
    with transaction.atomic():
        held = verbs.start(experiment, actor=staff(OPERATOR), at=start)
        verbs.count_before(held)
        verbs.stop(held, "It has run for as long as planned.", actor=staff(OPERATOR), at=end)
    found = results.result_of(verbs.find(experiment.key))
    if found.winner:
        verbs.note_shipped(held, found.winner, found.sentence, actor=staff(OPERATOR), at=end)
    return found.sentence


def go_on(experiment: Experiment, start: datetime) -> None:
    """Start what runs until today, for those who visit from now on."""
    verbs.count_before(verbs.start(experiment, actor=staff(OPERATOR), at=start))


def _draft(
    timeline: Timeline, placement: str, body: dict[str, Any], start: datetime, end: datetime | None
) -> Experiment | None:
    whole = {**body, "placement": placement, "primary_metric": "click_rate"}
    try:
        if unservable(Definition.read(whole)):
            return None
        experiment = verbs.create(whole, actor=staff(OPERATOR), at=start - PREPARED)
    except Invalid:
        return None
    timeline.try_out(experiment, start, end)
    return experiment
