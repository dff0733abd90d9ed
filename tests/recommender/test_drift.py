"""Drift: the real distances, told from chance, on the events of the training and of now."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from numpy.testing import assert_allclose
from scipy.spatial.distance import jensenshannon

from interactions.models import Interaction
from interactions.store import store
from recommender import tasks
from recommender.insight import drift
from recommender.insight.drift.bins import MASS, NEW, OTHERS, by_name, by_popularity, by_value
from recommender.insight.drift.measures import compare, jensen_shannon, psi
from recommender.models import DriftReport, ModelVersion
from recsite.platform import alerts
from tests import factories
from tests.admin.staff import Staff
from tests.recommender.fixtures import Shop, start_afresh

BEFORE, NOW = [400, 300, 200, 100], [100, 200, 300, 400]


def shares(counts: list[int]) -> Any:
    smoothed = np.array(counts) + 0.5
    return smoothed / smoothed.sum()


def test_psi_is_the_sum_over_bins() -> None:
    p, q = shares(BEFORE), shares(NOW)
    assert psi(BEFORE, NOW) == pytest.approx(sum((b - a) * np.log(b / a) for a, b in zip(p, q, strict=True)))
    assert psi(BEFORE, BEFORE) == 0
    assert psi(BEFORE, NOW) == pytest.approx(psi(NOW, BEFORE))


def test_jensen_shannon_is_that_of_scipy_and_no_difference_of_means() -> None:
    assert jensen_shannon(BEFORE, NOW) == pytest.approx(jensenshannon(shares(BEFORE), shares(NOW), base=2) ** 2)
    assert jensen_shannon([10**9, 0], [0, 10**9]) == pytest.approx(1, abs=1e-6)
    # Of the same mean, and nothing else alike.
    assert jensen_shannon([0, 1000, 0], [500, 0, 500]) > 0.9


def test_an_empty_bin_is_not_infinitely_far() -> None:
    assert np.isfinite(psi([100, 0], [0, 100]))


def test_chance_alone_is_no_drift_and_a_change_is() -> None:
    rng = np.random.default_rng(2)
    share = rng.dirichlet(np.ones(20))
    by_chance = [
        compare(rng.multinomial(100_000, share), rng.multinomial(150, share)).is_drift(0.1) for _ in range(400)
    ]
    assert sum(by_chance) <= 12, "At the 99 % level four are expected."
    small = compare(rng.multinomial(100_000, share), rng.multinomial(150, share))
    assert small.psi > 0.05, "So small a sample looks different: that is what the test of chance is for."
    moved = np.roll(share, 7)
    assert compare(rng.multinomial(100_000, share), rng.multinomial(150, moved)).is_drift(0.2)


def test_rare_names_share_a_bin() -> None:
    before = {f"name {number:02}": 100 - number for number in range(25)}
    binned = by_name(before, {"name 00": 5, "name 24": 2, "never heard of": 3})
    assert (len(binned.names), binned.names[-1]) == (21, OTHERS)
    assert (binned.now[0], binned.now[-1]) == (5, 5)
    assert (sum(binned.before), sum(binned.now)) == (sum(before.values()), 10)


def test_items_are_in_bins_of_equal_mass_and_new_ones_apart() -> None:
    before = {item: 1000 // (item + 1) for item in range(200)}
    binned = by_popularity(before, {0: 7, 199: 3, 5_000: 2})
    assert binned.names[-1] == NEW
    assert binned.now[-1] == 2
    assert sum(binned.now) == 12
    assert len(binned.names) <= MASS + 1
    assert max(binned.before[1:-1]) < 2 * min(binned.before[1:-1])


def test_values_are_in_bins_of_equal_mass_or_each_in_one() -> None:
    stars = by_value({1: 5, 2: 5, 5: 90}, {1: 50, 4: 50})
    assert stars.names == ("up to 1", "up to 2", "up to 4", "above")
    assert (stars.before, stars.now) == ((5, 5, 0, 90), (50, 0, 50, 0))
    amounts = by_value({value / 7: 1 for value in range(1000)}, {3.0: 9})
    assert len(amounts.names) == MASS
    assert_allclose(amounts.before, 100, atol=2)


def happened(
    shop: Shop, count: int, days_ago: float, novels: float, kind: str = "view", value: float | None = None
) -> None:
    rng = np.random.default_rng(int(count + 10 * days_ago))
    events = []
    for number in range(count):
        shelf = shop.novels if rng.random() < novels else shop.poems
        at = timezone.now() - timedelta(days=days_ago, seconds=float(rng.integers(1, 1_500)))
        events.append(factories.event(f"r{number % 9}", shelf[rng.integers(6)], kind, value, at=at))
    store(events)


@pytest.fixture
def trained(shop: Shop) -> Shop:
    """A release that learned from people who like novels."""
    happened(shop, 2_000, 3, novels=0.9)
    happened(shop, 500, 3, novels=0.9, kind="rating", value=5)
    until = Interaction.objects.latest("occurred_at").occurred_at
    ModelVersion.objects.update(data_until=until, created_at=timezone.now() - timedelta(days=2))
    start_afresh()
    return shop


def found(reports: list[DriftReport]) -> dict[tuple[str, int], bool]:
    return {(one.distribution, one.window_minutes): one.is_drift for one in reports}


@pytest.mark.django_db
def test_more_of_the_same_is_no_drift(trained: Shop) -> None:
    happened(trained, 300, 0, novels=0.9)
    reports = drift.check()
    assert found(reports) == {
        (name, minutes): name == "type" and False for name in ("item", "category", "type") for minutes in (60, 1440)
    } | {("type", 60): found(reports)["type", 60], ("type", 1440): found(reports)["type", 1440]}


@pytest.mark.django_db
def test_another_taste_is_drift_of_categories_and_says_what_moved(trained: Shop) -> None:
    happened(trained, 300, 0, novels=0.1)
    reports = drift.check()
    assert found(reports)["category", 60] is True
    report = next(one for one in reports if one.distribution == "category" and one.window_minutes == 60)
    assert {name for name, _, _ in report.shifts} == {"Novels", "Poetry"}
    assert report.psi > 1
    assert report.n_now == 300


@pytest.mark.django_db
def test_other_ratings_are_drift_of_values(trained: Shop) -> None:
    happened(trained, 200, 0, novels=0.9, kind="rating", value=5)
    assert found(drift.check()).get(("value", 60)) is None, "All ratings are the same: there is nothing to compare."
    happened(trained, 200, 0.001, novels=0.9, kind="rating", value=1)
    assert found(drift.check())["value", 60] is True


@pytest.mark.django_db
def test_new_items_are_drift_of_items(trained: Shop) -> None:
    new = factories.items(3, categories=["Novels"])
    store([factories.event(f"r{number}", new[number % 3], at=timezone.now()) for number in range(300)])
    report = next(one for one in drift.check() if one.distribution == "item")
    assert report.is_drift
    assert report.shifts[0][0] == NEW


@pytest.mark.django_db
def test_a_day_is_looked_at_where_an_hour_has_too_little(trained: Shop) -> None:
    happened(trained, 300, 0.5, novels=0.1)
    assert {minutes for _, minutes in found(drift.check())} == {1440}


@pytest.mark.django_db
def test_without_a_release_or_with_few_events_nothing_is_said(trained: Shop) -> None:
    happened(trained, 50, 0, novels=0.1)
    assert drift.check() == []
    happened(trained, 300, 0, novels=0.1)
    trained.release.delete()
    assert drift.check() == []


@pytest.mark.django_db
def test_the_threshold_is_a_setting(trained: Shop, settings: Any) -> None:
    happened(trained, 300, 0, novels=0.6)
    settings.DRIFT_THRESHOLD = 50
    assert not found(drift.check())["category", 60]
    settings.DRIFT_THRESHOLD = 0.1
    assert found(drift.check())["category", 60]


@pytest.mark.django_db
def test_a_day_of_drift_starts_a_training_where_that_is_wanted_and_not_again_and_again(
    trained: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    monkeypatch.setattr(tasks.rebuild, "delay", lambda: started.append(1))
    happened(trained, 300, 0, novels=0.1)
    tasks.check_drift()
    assert started == []
    settings.DRIFT_RETRAINS = True
    tasks.check_drift()
    assert started == [1]
    factories.model_version("popular")
    tasks.check_drift()
    assert started == [1]


@pytest.mark.django_db
def test_staff_are_told_on_the_first_page_and_see_the_charts(trained: Shop) -> None:
    happened(trained, 300, 0, novels=0.1)
    tasks.check_drift()
    viewer = Staff("viewer", "view")
    alerts.forget()
    assert "differ from the training's: PSI" in viewer.page("/admin/")
    page = viewer.page("/admin/drift/")
    assert "Categories, last 24 h" in page
    assert "drift" in page
    DriftReport.objects.update(made_at=timezone.now() - timedelta(hours=7))
    alerts.forget()
    assert "differ from the training's" not in viewer.page("/admin/")
