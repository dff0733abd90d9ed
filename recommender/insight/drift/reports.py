"""Compare the latest events with those that the live release was trained on, and report what has drifted."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from interactions import announcements
from interactions.exclusions import COUNTS
from interactions.topics import DATA_DRIFT
from recommender.insight.drift.bins import Binned, by_name, by_popularity, by_value
from recommender.insight.drift.measures import compare
from recommender.models import DriftReport, ModelVersion, Release
from recsite.platform.thresholds import DRIFT

logger = logging.getLogger(__name__)
WINDOWS = (timedelta(minutes=60), timedelta(hours=24))
TRAINED_ON = timedelta(days=28)
"""The last part of the training's events that is compared: all of them would include years that are over."""

FEWEST = 100
"""A window with fewer events gets no report."""

SHIFTS = 5
KEPT = timedelta(days=90)
REST = timedelta(hours=6)
"""The least time between two trainings that drift starts: what one training didn't mend, the next won't either."""

COUNTED = COUNTS.format(event="event")
COUNTS_OF = f"""
SELECT GROUPING(item_id) = 0, GROUPING(type_id) = 0, item_id, kind.name, event.value, count(*)
FROM interactions_interaction AS event JOIN interactions_interactiontype AS kind ON kind.id = event.type_id
WHERE occurred_at >= %(start)s AND occurred_at < %(end)s AND NOT undated AND {COUNTED}
GROUP BY GROUPING SETS ((item_id), (kind.name, type_id), (event.value, kind.scale_min IS NOT NULL))
HAVING GROUPING(item_id) = 0 OR GROUPING(type_id) = 0 OR (kind.scale_min IS NOT NULL AND event.value IS NOT NULL)
"""
CATEGORIES = f"""
SELECT category, count(*) FROM interactions_interaction AS event JOIN catalog_item AS item ON item.id = event.item_id
CROSS JOIN LATERAL unnest(item.categories) AS category
WHERE occurred_at >= %(start)s AND occurred_at < %(end)s AND NOT undated AND {COUNTED}
GROUP BY category
"""


@dataclass(frozen=True)
class Sample:
    """Hold the counts of a period."""

    n: int = 0
    items: Mapping[int, int] = field(default_factory=dict)
    types: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[float, int] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=dict)


def check(now: datetime | None = None, release: Release | None = None) -> list[DriftReport]:
    """Compare, store the reports and announce what has drifted; return the reports, none where no release is live.

    `now` is until when the latest events go, and `release` what was live then, where that isn't this moment.
    """
    now = now or timezone.now()
    release = release or Release.objects.filter(state=Release.State.LIVE).first()
    before = _trained_on(release) if release else None
    if release is None or before is None or before.n < FEWEST:
        return []
    made = []
    for window in WINDOWS:
        sample = _count(now - window, now)
        if sample.n >= FEWEST:
            made += list(_reports(release.pk, window, before, sample, now))
    with transaction.atomic():
        before_it = _drifting_already(release.pk)
        DriftReport.objects.filter(made_at__lt=now - KEPT).delete()
        DriftReport.objects.bulk_create(made)
        for report in made:
            if report.is_drift:
                is_news = (report.distribution, report.window_minutes) not in before_it
                announcements.announce(DATA_DRIFT, "drift.detected", _payload(report), is_news=is_news)
    return made


def _drifting_already(release: int) -> set[tuple[str, int]]:
    """Return what the last look found drifting for this release: by distribution and window."""
    found = DriftReport.objects.filter(release=release)
    newest = found.aggregate(at=Max("made_at"))["at"]
    drifting = found.filter(made_at=newest, is_drift=True)
    return set(drifting.values_list("distribution", "window_minutes"))


def latest() -> list[DriftReport]:
    """Return the newest reports; none where they are hours old, or of a release that is live no more."""
    newest = DriftReport.objects.order_by("-made_at").values_list("made_at", "release").first()
    if newest is None or newest[0] < timezone.now() - REST:
        return []
    if Release.objects.filter(pk=newest[1]).exclude(state=Release.State.LIVE).exists():
        return []
    return list(DriftReport.objects.filter(made_at=newest[0]))


def drifting_since(report: DriftReport) -> datetime:
    """Return when the same was first found, with no look since that did not find it."""
    same = DriftReport.objects.filter(
        release=report.release, distribution=report.distribution, window_minutes=report.window_minutes
    )
    quiet = same.filter(is_drift=False, made_at__lt=report.made_at).aggregate(at=Max("made_at"))["at"]
    run = same.filter(made_at__gt=quiet) if quiet else same
    return run.aggregate(at=Min("made_at"))["at"] or report.made_at


def should_retrain(reports: list[DriftReport]) -> bool:
    """Tell if a day's drift should start a training: DRIFT_RETRAINS is on, and none was started lately."""
    day = int(WINDOWS[-1].total_seconds() // 60)
    if not settings.DRIFT_RETRAINS or not any(one.is_drift and one.window_minutes == day for one in reports):
        return False
    return not ModelVersion.objects.filter(created_at__gte=timezone.now() - REST).exists()


_training_samples: dict[int, Sample] = {}
"""The training sample of the live release, counted once by each process."""


def forget() -> None:
    """Start again without a training sample, for tests."""
    _training_samples.clear()


def _trained_on(release: Release) -> Sample | None:
    if release.pk not in _training_samples:
        until = release.versions.aggregate(at=Max("data_until"))["at"]
        if until is None:
            return None
        _training_samples.clear()
        _training_samples[release.pk] = _count(until - TRAINED_ON, until + timedelta(microseconds=1))
    return _training_samples[release.pk]


def _count(start: datetime, end: datetime) -> Sample:
    items: dict[int, int] = {}
    types: dict[str, int] = {}
    values: dict[float, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(COUNTS_OF, {"start": start, "end": end})
        for is_item, is_type, item, kind, value, count in cursor.fetchall():
            if is_item:
                items[item] = count
            elif is_type:
                types[kind] = count
            else:
                values[value] = count
        cursor.execute(CATEGORIES, {"start": start, "end": end})
        return Sample(sum(types.values()), items, types, values, dict(cursor.fetchall()))


def _reports(release: int, window: timedelta, before: Sample, now: Sample, at: datetime) -> Iterator[DriftReport]:
    kinds = DriftReport.Distribution
    for distribution, binned in (
        (kinds.ITEM, by_popularity(before.items, now.items)),
        (kinds.CATEGORY, by_name(before.categories, now.categories)),
        (kinds.TYPE, by_name(before.types, now.types)),
        (kinds.VALUE, by_value(before.values, now.values)),
    ):
        if min(sum(binned.before), sum(binned.now)) < FEWEST or len(binned.names) < 2:
            continue
        found = compare(binned.before, binned.now)
        yield DriftReport(
            made_at=at,
            release=release,
            window_minutes=int(window.total_seconds() // 60),
            distribution=distribution,
            psi=found.psi,
            js=found.js,
            noise=found.noise,
            n_before=sum(binned.before),
            n_now=sum(binned.now),
            is_drift=found.is_drift(DRIFT.limit),
            shifts=_shifts(binned),
        )


def _shifts(binned: Binned) -> list[Any]:
    """Return the bins that moved most, each with its share before and now."""
    before, now = (np.array(column) / max(sum(column), 1) for column in (binned.before, binned.now))
    order = np.argsort(-np.abs(now - before), kind="stable")[:SHIFTS].tolist()
    return [[binned.names[at], round(float(before[at]), 4), round(float(now[at]), 4)] for at in order]


def _payload(report: DriftReport) -> dict[str, Any]:
    return {
        "distribution": report.distribution,
        "window_minutes": report.window_minutes,
        "release": report.release,
        "psi": round(report.psi, 4),
        "jensen_shannon": round(report.js, 4),
        "threshold": DRIFT.limit,
        "shifts": report.shifts,
    }
