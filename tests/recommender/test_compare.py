"""Two releases, or two models, side by side: figures with intervals, slices, settings, lists."""

import json
from typing import Any

import numpy as np
import pytest

from recommender import registry
from recommender.engine.evaluation import comparison, full
from recommender.models import ListImpression, ModelVersion, Release
from recommender.operations import compare
from recommender.operations.sides import MODEL, RELEASE, Side
from recommender.tasks import comparing
from recsite.platform import audit, jobs
from tests.admin.staff import VERSIONS, Staff
from tests.api.clients import ApiClient
from tests.recommender.fixtures import Models, Shop, popular, publish, start_afresh, svd

QUERIES = 15
SPLIT = {"data_hash": "h", "seed": 1, "k": 10, "protocol": "p", "test_fraction": 0.2}


def measured(ndcg: float, half: float = 0.01, rmse: float = 0.9, **split: Any) -> dict[str, Any]:
    slices = {"5-19": {"ndcg": ndcg / 2, "ndcg_interval": [ndcg / 2 - half, ndcg / 2 + half]}}
    return {
        **SPLIT,
        **split,
        "metrics": {"ndcg_at_10": ndcg, "rmse": rmse},
        "full": {
            "ndcg_interval": [ndcg - half, ndcg + half],
            "rmse_interval": [rmse - half, rmse + half],
            "by_length": {"5": {"map": 0.1}},
            "by_activity": slices,
            "by_item_age": {"new": {"recall": 0.1}},
        },
    }


class TestFigures:
    def test_a_difference_is_sure_only_where_its_interval_is_away_from_zero(self) -> None:
        def words(a: float, b: float) -> str:
            rows = comparison.compare({"lists": measured(a)}, {"lists": measured(b)})
            return next(row.words for row in rows if row.name == "nDCG@10")

        # Two half widths of 0.01 make one of 0.0141.
        assert words(0.10, 0.114) == "inside the noise"
        assert words(0.10, 0.115) == "B is better, surely"
        assert words(0.115, 0.10) == "A is better, surely"
        assert words(0.10, 0.10) == "equal"

    def test_the_same_users_are_compared_one_by_one(self) -> None:
        rng = np.random.default_rng(5)
        easy = rng.uniform(0, 0.8, 3_000)
        a, b = easy, easy + rng.normal(0.01, 0.05, 3_000)
        mine, yours = (measured(float(values.mean())) for values in (a, b))
        mine["full"]["ndcg_by_user"], yours["full"]["ndcg_by_user"] = full.by_user(a, 1), full.by_user(b, 1)
        found = comparison.compare({"lists": mine}, {"lists": yours})[0]
        assert (found.name, found.is_paired, found.words) == ("nDCG@10", True, "B is better, surely")
        assert found.interval is not None
        half = (found.interval[1] - found.interval[0]) / 2
        # Two thousand users are kept, and three thousand were judged.
        assert half == pytest.approx(1.96 * 0.05 / np.sqrt(3_000), rel=0.1)
        # Of two splits no users are the same, nor of two versions one of which doesn't have them.
        for other in (yours | {"data_hash": "other"}, measured(float(b.mean()))):
            unpaired = comparison.compare({"lists": mine}, {"lists": other})[0]
            assert (unpaired.is_paired, unpaired.words) == (False, "inside the noise")

    def test_a_paired_interval_covers_the_true_difference_as_often_as_it_says(self) -> None:
        rng = np.random.default_rng(11)
        covered = 0
        for _ in range(300):
            easy = rng.uniform(0, 0.8, 400)
            a, b = easy + rng.normal(0, 0.1, 400), easy + rng.normal(0.02, 0.1, 400)
            sides = [measured(float(values.mean())) for values in (a, b)]
            for side, values in zip(sides, (a, b), strict=True):
                side["full"]["ndcg_by_user"] = full.by_user(values, 1)
            interval = comparison.compare(*({"lists": side} for side in sides))[0].interval
            assert interval is not None
            covered += interval[0] <= 0.02 <= interval[1]
        # Of 300, 285 are expected; 4 standard deviations are 15.
        assert 270 <= covered <= 299

    def test_of_errors_less_is_better(self) -> None:
        (row,) = comparison.compare({"ratings": {"metrics": {"mae": 1.0}}}, {"ratings": {"metrics": {"mae": 0.8}}})
        assert (row.name, row.words) == ("MAE", "no interval is known")
        a, b = ({"ratings": measured(0.1, rmse=rmse)} for rmse in (0.9, 0.8))
        (rmse,) = [row for row in comparison.compare(a, b) if row.name == "RMSE"]
        assert (rmse.better, rmse.words) == ("b", "B is better, surely")

    def test_slices_have_their_own_intervals(self) -> None:
        found = comparison.compare_slices(measured(0.1), measured(0.2))
        assert [(row.name, row.better) for rows in found.values() for row in rows] == [("5-19", "b"), ("new", "")]

    def test_an_older_version_without_the_figures_is_compared_by_what_it_has(self) -> None:
        old = {"metrics": {"ndcg_at_10": 0.1}}
        rows = comparison.compare({"lists": old}, {"lists": measured(0.2)})
        assert next(row for row in rows if row.name == "nDCG@10").words == "no interval is known"
        assert next(row for row in rows if row.name == "MAP@5").words == "not measured of both"
        assert comparison.compare({}, {}) == []

    def test_the_same_split_is_the_same_data_and_seed(self) -> None:
        assert comparison.is_same_split(measured(0.1), measured(0.2))
        assert not comparison.is_same_split(measured(0.1), measured(0.2, data_hash="other"))
        assert not comparison.is_same_split({}, {})

    def test_settings_that_differ_are_named_by_their_path(self) -> None:
        a = {"svd": {"n_factors": 50, "lr": 0.1}, "weight": {"svd": 1.0}}
        b = {"svd": {"n_factors": 100, "lr": 0.1}, "weight": {"svd": 1.0, "popular": 0.0}}
        assert comparison.settings_that_differ(a, b) == [
            ("svd.n_factors", 50, 100),
            ("weight.popular", None, 0.0),
        ]

    def test_overlap_counts_common_items_equal_lists_and_those_with_nothing_in_common(self) -> None:
        a = [["x", "y"], ["x", "y"], ["x", "y"], []]
        b = [["x", "y"], ["y", "z"], ["p", "q"], []]
        assert comparison.overlap(a, b) == ((1 + 0.5 + 0 + 1) / 4, 0.5, 1)
        assert comparison.overlap([], []) == (0.0, 0.0, 0)


@pytest.fixture
def other(shop: Shop) -> Release:
    """A candidate in which Ada has Ben's taste, and everybody buys novels."""
    models: Models = {
        "svd": svd(shop.poems, shop.novels, [shop.ada, shop.ben]),
        "popular": popular(shop.novels + shop.poems),
    }
    found = publish(models, promote=False)
    for release, ndcg in ((shop.release, 0.1), (found, 0.2)):
        ModelVersion.objects.filter(releases=release, algorithm="svd").update(metrics=measured(ndcg))
    ModelVersion.objects.filter(releases=found, algorithm="svd").update(settings={"n_factors": 2})
    start_afresh()
    return found


@pytest.mark.django_db
class TestReleases:
    def test_lists_are_compared_over_a_sample_and_the_result_is_kept(self, shop: Shop, other: Release) -> None:
        a, b = Side.of(RELEASE, shop.release.pk), Side.of(RELEASE, other.pk)
        assert compare.compare(a, b).overlap is None
        found = compare.measure_overlap(a, b)
        # Ten of twelve items are on each list: at least eight on both.
        assert found.users == 3
        assert 0.8 <= found.share < 1
        assert found.equal == 0
        assert compare.compare(a, b).overlap == found
        same = compare.measure_overlap(a, a)
        assert (same.share, same.equal, same.disjoint) == (1.0, 1.0, 0)
        assert not ListImpression.objects.exists()

    def test_models_are_compared_like_releases(self, shop: Shop, other: Release) -> None:
        mine, its = (release.versions.get(algorithm="svd") for release in (shop.release, other))
        a, b = Side.of(MODEL, mine.pk), Side.of(MODEL, its.pk)
        ((_, of_a, of_b),) = compare.side_by_side(a, b, ["ada"])
        assert of_a.items[0].item_id == "novel-0"
        assert of_b.items[0].item_id == "poem-0"

    def test_the_sample_is_the_same_each_time_and_leaves_out_who_opted_out(self, shop: Shop) -> None:
        assert sorted(compare.sample(500)) == ["ada", "ben", "cleo"]
        assert compare.sample(2) == compare.sample(2)
        shop.ben.opted_out_at = shop.release.created_at
        shop.ben.save()
        assert sorted(compare.sample(500)) == ["ada", "cleo"]

    def test_the_page_says_what_differs_and_shows_lists(self, shop: Shop, other: Release) -> None:
        staff = Staff("viewer", "view")
        page = staff.page("/admin/compare/", of=RELEASE, a=shop.release.pk, b=other.pk, lists=1)
        for words in (
            f"{other} makes better lists, surely: nDCG@10",
            "Both were judged by the same held-out events",
            "B is better, surely",
            "svd.n_factors",
            "Not measured in the last day",
            "of 10 in common",
            "poem-0",
            "not in A",
        ):
            assert words in page, words
        assert "Measure over" not in page

    def test_the_page_comes_before_the_lists_and_asks_for_them(
        self, shop: Shop, other: Release, django_assert_max_num_queries: Any
    ) -> None:
        staff, about = Staff("viewer", "view"), {"of": RELEASE, "a": shop.release.pk, "b": other.pk}
        staff.get("/admin/compare/", **about)
        with django_assert_max_num_queries(QUERIES):
            answer = staff.get("/admin/compare/", **about)
        page = answer.content.decode()
        assert "in common" not in page
        assert len(answer.content) < 150_000
        assert f'hx-get="?of=release&amp;a={shop.release.pk}&amp;b={other.pk}&amp;part=lists"' in page
        part = staff.get("/admin/compare/", **about, part="lists").content.decode()
        assert "of 10 in common" in part
        assert "<html" not in part
        blind = Staff("blind", "recommender.view_release")
        assert blind.get("/admin/compare/", **about, part="lists").status_code == 404
        assert "Lists side by side" not in blind.page("/admin/compare/", **about, lists=1)

    def test_two_that_are_ticked_are_compared_and_three_are_not(self, shop: Shop, other: Release) -> None:
        staff = Staff("viewer", "view")
        numbers = [shop.release.pk, other.pk]
        answer = staff.get("/admin/compare/", tick=numbers[::-1])
        assert answer.headers["Location"] == f"/admin/compare/?of=release&a={numbers[0]}&b={numbers[1]}"
        assert "Tick two to compare, not 1." in staff.follow(staff.get("/admin/compare/", tick=numbers[:1]))
        assert "Tick two to compare, not 0." in staff.follow(staff.get("/admin/compare/", tick=["x", ""]))
        versions = list(other.versions.values_list("pk", flat=True))
        answer = staff.post(VERSIONS, action="compare", _selected_action=versions)
        assert "of=model" in answer.headers["Location"]

    def test_what_can_not_be_compared_is_a_page_that_says_so(self, shop: Shop, other: Release) -> None:
        staff = Staff("viewer", "view")
        for query in ({"a": 1}, {"a": "x", "b": 1}, {"a": 1, "b": 99999}, {"of": "spoon", "a": 1, "b": 2}):
            assert staff.get("/admin/compare/", **query).status_code == 404

    def test_without_numbers_it_is_the_live_release_and_the_one_before(self, shop: Shop, other: Release) -> None:
        staff = Staff("viewer", "view")
        expected = f"/admin/compare/?of=release&a={shop.release.pk}&b={other.pk}"
        assert staff.get("/admin/compare/").headers["Location"] == expected
        registry.promote(other)
        assert staff.get("/admin/compare/").headers["Location"] == expected
        Release.objects.filter(pk=shop.release.pk).delete()
        assert "There are not two releases yet" in staff.page("/admin/compare/")

    def test_a_release_without_files_is_compared_by_its_figures(self, shop: Shop, other: Release) -> None:
        ModelVersion.objects.filter(releases=other).update(state="archived", artifact="", checksum="")
        page = Staff("viewer", "view").page("/admin/compare/", a=shop.release.pk, b=other.pk, lists=1)
        assert "B is better, surely" in page
        assert f"Release {other.pk} can't be looked at" in page

    def test_the_job_says_the_overlap_in_words(self, shop: Shop, other: Release) -> None:
        job = jobs.create("measure_overlap", "Measure", actor=audit.SYSTEM)
        comparing.measure_overlap(job.pk, RELEASE, shop.release.pk, other.pk)
        job.refresh_from_db()
        assert (job.state, job.message[:22]) == ("succeeded", "Of 10 items, the lists")

    def test_only_who_may_operate_starts_the_job(self, shop: Shop, other: Release) -> None:
        address = f"/admin/compare/?a={shop.release.pk}&b={other.pk}"
        assert Staff("viewer", "view").post(address).status_code == 200
        operator = Staff("operator", "recommender.view_release", "recommender.operate", "platform.view_job")
        assert "/admin/platform/job/" in operator.post(address).headers["Location"]

    def test_the_api_says_the_same(self, api: ApiClient, shop: Shop, other: Release) -> None:
        told = api.get("releases/compare", a=shop.release.pk, b=other.pk).json()
        assert told["is_same_split"]
        figures = {row["name"]: row for row in told["figures"]}
        assert (figures["nDCG@10"]["better"], figures["nDCG@10"]["words"]) == ("b", "B is better, surely")
        assert told["settings"] == [{"name": "svd.n_factors", "a": None, "b": 2}]
        assert {one["algorithm"] for one in told["models"]} == {"svd", "popular"}
        assert told["overlap"] is None
        assert api.get("releases/compare", a=1, b=99999).status_code == 404
        assert json.loads(api.get("releases/compare").content)["error"]["details"] == {
            "a": "It is needed.",
            "b": "It is needed.",
        }
