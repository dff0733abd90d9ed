"""The timeline of releases, and the page of one: what is served, how good it is, what became of it."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from recommender import registry
from recommender.engine.forms.hybrid import BUCKETS, HybridModel
from recommender.models import DailyImpressions, ModelVersion, Release
from recommender.operations import flow
from recommender.operations.release_words import roles
from recsite.platform.audit import Actor, Kind
from recsite.platform.models import AuditEntry
from tests.admin.staff import RELEASES, Staff
from tests.recommender.fixtures import Models, Shop, popular, publish, set_placement, svd
from tests.recommender.test_compare import measured

QUERIES = 15
GRACE = Actor(Kind.STAFF, "grace", "admin")


@pytest.fixture
def second(shop: Shop) -> Release:
    """A better release, which grace has promoted; the first one was live for three days."""
    made = publish({"svd": svd(shop.novels, shop.poems, [shop.ada, shop.ben]), "popular": popular(shop.items)}, False)
    measure(shop.release, 0.1)
    measure(made, 0.2)
    registry.promote(made, User.objects.create_user("grace"), "It is better.", actor=GRACE)
    promoted(shop.release, timedelta(days=3, hours=2, minutes=1))
    promoted(made, timedelta(hours=2, minutes=1))
    made.refresh_from_db()
    return made


def promoted(release: Release, ago: timedelta) -> None:
    AuditEntry.objects.filter(verb="release.promote", object_id=release.pk).update(at=timezone.now() - ago)


def measure(release: Release, ndcg: float) -> None:
    beside = {"beside": {"popular": {"ndcg_at_10": 0.08}}}
    ModelVersion.objects.filter(releases=release, algorithm="svd").update(metrics=measured(ndcg) | beside)


def led(release: Release, shown: int, clicks: int, days_ago: int = 0, algorithm: str = "svd") -> None:
    """Lists that a model of the release led on a day."""
    DailyImpressions.objects.create(
        day=timezone.now().date() - timedelta(days=days_ago),
        kind="person",
        placement="default",
        algorithm=algorithm,
        version=release.versions.get(algorithm=algorithm).pk,
        lists=shown // 10,
        places=shown,
        places_clicked=clicks,
    )


def page_of(release: Release) -> str:
    return f"{RELEASES}{release.pk}/change/"


class TestTimeline:
    def test_it_says_who_why_and_for_how_long(self, viewer: Staff, shop: Shop, second: Release) -> None:
        page = viewer.page(RELEASES)
        assert (
            f"{second} live not judged Promoted 2 hours ago by grace; served for 2 hours so far. “It is better.”"
            in page
        )
        first = f"{shop.release} archived not judged Promoted 3 days, 2 hours ago by recsite; served for 3 days. "
        assert first in page
        assert f"Release {second.pk} took its place." in page
        leader = second.versions.get(algorithm="svd")
        assert f"{leader} leads, " in page
        assert "fills gaps" in page

    def test_the_live_one_is_judged_in_a_sentence(self, viewer: Staff, shop: Shop, second: Release) -> None:
        led(shop.release, 10_000, 300, days_ago=1)
        led(second, 10_000, 540)
        led(second, 10_000, 300, algorithm="popular")
        page = viewer.page(RELEASES)
        said = (
            "Its lists are 2.5 times as good as popularity (nDCG@10 0.2 beside 0.08), and better than those of release"
        )
        assert f"{second} . {said} {shop.release.pk}." in page
        assert "While live, 5.4 % of what it showed was clicked: 1.8 × popularity, sure." in page

    def test_differences_are_coloured_where_they_are_more_than_noise(
        self, viewer: Staff, shop: Shop, second: Release
    ) -> None:
        page = viewer.page(RELEASES)
        assert f"nDCG@10 0.200 2.5 × popularity +0.1 against {shop.release.pk}, better" in page
        measure(second, 0.101)
        assert f"+0.001 against {shop.release.pk}, inside the noise" in viewer.page(RELEASES)
        measure(second, 0.05)
        html = viewer.get(RELEASES).content.decode()
        assert f'rs-state-bad">-0.05 against {shop.release.pk}, worse' in html

    def test_clicks_count_on_the_days_on_which_it_was_live(self, viewer: Staff, shop: Shop, second: Release) -> None:
        led(shop.release, 1_000, 40, days_ago=2)
        led(shop.release, 9_000, 900, days_ago=9)
        assert "Clicked while live 4 %" in viewer.page(RELEASES)

    def test_of_a_few_lists_nobody_says_how_often_they_are_clicked(
        self, viewer: Staff, shop: Shop, second: Release
    ) -> None:
        led(second, 20, 0)
        page = viewer.page(RELEASES)
        assert "Its lists were shown too rarely yet to say how often they are clicked." in page
        assert "Clicked while live 0 %" not in page

    def test_what_the_gate_refused_says_so(self, viewer: Staff, shop: Shop, second: Release) -> None:
        refused = publish({"popular": popular(shop.items)}, promote=False)
        verdict = {"passed": False, "sentence": "Its lists are worse than the live ones."}
        ModelVersion.objects.filter(releases=refused, algorithm="popular").update(verdict=verdict)
        Release.objects.filter(pk=refused.pk).update(created_at=timezone.now() - timedelta(hours=1, minutes=1))
        page = viewer.page(RELEASES)
        assert f"{refused} candidate, refused ✗ gate Made an hour ago ; never live. “popular" in page
        assert "Its lists are worse than the live ones." in page

    def test_a_roll_back_says_who_went_back_and_to_what(self, viewer: Staff, shop: Shop, second: Release) -> None:
        registry.rollback(of=second.pk, actor=GRACE)
        page = viewer.page(RELEASES)
        assert f"{second} archived, rolled back not judged Promoted 2 hours ago by grace" in page
        assert f"grace rolled back to release {shop.release.pk}." in page
        assert f"{shop.release} live not judged Returned to " in page
        assert " by grace; served for 3 days so far, 2 times." in page

    def test_older_ones_are_on_a_page_of_their_own(self, viewer: Staff, shop: Shop, monkeypatch: Any) -> None:
        monkeypatch.setattr("recommender.admin.release_timeline.LISTED", 2)
        made = [Release.objects.create() for _ in range(3)]
        first = viewer.page(RELEASES)
        assert str(made[2]) in first
        assert f"Compare {shop.release}" not in viewer.get(RELEASES).content.decode()
        link = f"?before={made[1].pk}"
        assert link in viewer.get(RELEASES).content.decode()
        assert f'aria-label="Compare {shop.release}"' in viewer.get(f"{RELEASES}{link}").content.decode()
        assert viewer.get(RELEASES, before="x").status_code == 200

    def test_without_a_release_it_says_what_makes_one(self, admin: Staff, operator: Staff) -> None:
        page = admin.page(RELEASES)
        assert "There is no release yet: training makes one of every model." in page
        assert "Train now" in page
        assert operator.get(RELEASES).status_code == 403

    def test_it_makes_few_queries_however_many_there_are(
        self, viewer: Staff, shop: Shop, second: Release, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(30):
            Release.objects.create(replaced=shop.release)
        viewer.get(RELEASES)
        with django_assert_max_num_queries(QUERIES):
            answer = viewer.get(RELEASES)
        assert len(answer.content) < 150_000


class TestPage:
    def test_it_says_how_good_it_is_and_what_became_of_it(self, viewer: Staff, shop: Shop, second: Release) -> None:
        verdict = {"passed": True, "sentence": "Its lists are better than what is popular."}
        ModelVersion.objects.filter(releases=second, algorithm="svd").update(verdict=verdict)
        page = viewer.page(page_of(second))
        leader = second.versions.get(algorithm="svd")
        assert "2.5 times as good as popularity" in page
        assert "Promoted 2 hours ago by grace. It is better." in page
        assert f"The quality gate passed {leader} " in page
        assert "Its lists are better than what is popular." in page
        assert f"{leader} leads, predicts ratings" in page
        assert f"Compare with release {shop.release.pk}" in page
        assert leader.checksum in page.split("Details")[-1]
        assert leader.checksum not in page.split("Details")[0]

    def test_only_who_may_operate_has_the_buttons(
        self, viewer: Staff, admin: Staff, shop: Shop, second: Release
    ) -> None:
        buttons = ("Roll back", "Take out")
        page = viewer.get(page_of(second)).content.decode()
        assert not any(words in page for words in buttons)
        page = admin.get(page_of(second)).content.decode()
        assert all(words in page for words in buttons)
        assert "Take out" not in admin.get(page_of(shop.release)).content.decode()

    def test_it_makes_few_queries(
        self, admin: Staff, shop: Shop, second: Release, django_assert_max_num_queries: Any
    ) -> None:
        led(second, 100, 1)
        admin.get(page_of(second))
        with django_assert_max_num_queries(15):
            answer = admin.get(page_of(second))
        assert len(answer.content) < 150_000

    def test_what_is_served_is_drawn_from_events_to_the_fallback(self, viewer: Staff, shop: Shop) -> None:
        sources: Models = {
            "svd": svd(shop.novels, shop.poems, [shop.ada, shop.ben]),
            "popular": popular(shop.items),
        }
        weights = np.array([[0.5, 0.5], [0.2, 0.8], [0.6, 0.4], [0.9, 0.1], [1, 0]], np.float32)
        made = publish({"hybrid": HybridModel(sources, weights), "popular": popular(shop.items)}, promote=False)
        set_placement(new_item_share=0.1, diversity=0.3)
        page = viewer.page(page_of(made))
        table = page.split("The same as a table")[1]
        assert "Source nothing 1 item 2–4 5–19 20+" in table
        assert "0 % 20 % 60 % 90 % 100 %" in table
        # Who has done nothing gets what everybody gets, whatever was learned.
        assert "100 % 80 % 40 % 10 % 0 %" in table
        assert "default : 10 % for new items, diversity 0.3" in page
        assert f"popular {made.versions.get(algorithm='popular').pk}, then the newest items." in page

    def test_a_model_whose_files_are_gone_says_so_in_the_diagram(self, viewer: Staff, shop: Shop) -> None:
        sources = {"svd": svd(shop.novels, shop.poems, [shop.ada, shop.ben])}
        made = publish({"hybrid": HybridModel(sources, np.ones((len(BUCKETS), 1), np.float32))}, promote=False)
        ModelVersion.objects.filter(releases=made, algorithm="hybrid").update(artifact="gone", checksum="0" * 64)
        assert "There is no manifest.json in the model storage at gone." in viewer.page(page_of(made))


def test_models_have_ranks_in_words_by_their_weights(shop: Shop) -> None:
    assert roles(shop.release) == {"svd": "leads", "popular": "fills gaps"}
    shop.release.weights = {"svd": 1.0, "popular": 2.0}
    assert list(roles(shop.release).items()) == [("popular", "leads"), ("svd", "second")]


def test_without_a_leader_all_get_what_is_popular(shop: Shop) -> None:
    made = publish({"popular": popular(shop.items)}, promote=False)
    made.members.exclude(algorithm="popular").delete()
    found = flow.flow(Release.objects.prefetch_related("members__version").get(pk=made.pk))
    assert [(source.name, set(source.weights)) for source in found.sources] == [("popular", {1.0})]
