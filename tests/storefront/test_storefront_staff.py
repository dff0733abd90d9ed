"""The bar that staff see in the storefront."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from recommender import registry
from recommender.models import ModelVersion, Release
from recsite.platform import generations
from tests.recommender.fixtures import Shop, start_afresh
from tests.storefront.pages import Visitor, text

METRICS = {
    "metrics": {"rmse": 0.8744, "ndcg_at_10": 0.1214},
    "beside": {"popular": {"rmse": None, "ndcg_at_10": 0.0938}},
}


@pytest.fixture
def clerk(db: None) -> User:
    """Staff who may look, and not operate."""
    return User.objects.create_user("clerk", is_staff=True)


@pytest.fixture
def operator(clerk: User) -> User:
    clerk.user_permissions.add(Permission.objects.get(codename="operate"))
    return User.objects.get(pk=clerk.pk)


def signed_in(user: User) -> Visitor:
    visitor = Visitor()
    visitor.client.force_login(user)
    return visitor


def test_visitors_see_no_bar(shop: Shop) -> None:
    assert 'id="staff"' not in text(Visitor("ada").get("/"))


def test_staff_see_what_is_live_how_old_it_is_and_how_good(shop: Shop, clerk: User) -> None:
    ModelVersion.objects.filter(algorithm="svd").update(metrics=METRICS)
    Release.objects.update(promoted_at=timezone.now() - timedelta(hours=3, minutes=5))
    for path in ("/", "/browse", "/people", "/items/novel-0"):
        page = text(signed_in(clerk).get(path))
        assert f"Release {shop.release.pk}" in page
        assert "promoted 3\xa0hours ago" in page
        for words in ("0.874", "0.121", "popularity 0.094"):
            assert words in page


def test_a_model_without_figures_leaves_them_out(shop: Shop, clerk: User) -> None:
    page = text(signed_in(clerk).get("/"))
    assert f"Release {shop.release.pk}" in page
    assert "RMSE" not in page


def test_staff_are_told_when_nothing_is_live(shop: Shop, clerk: User) -> None:
    Release.objects.all().delete()
    start_afresh()
    assert "Nothing is live." in text(signed_in(clerk).get("/"))


def test_an_operator_reloads_the_models(shop: Shop, operator: User, django_capture_on_commit_callbacks: Any) -> None:
    before = generations.current(registry.GENERATION)
    staff = signed_in(operator)
    with django_capture_on_commit_callbacks(execute=True):
        answer = staff.post("/reload", {"back": "/browse?q=x"})
    generations.look()
    assert answer.headers["Location"] == "/browse?q=x"
    assert f"Release {shop.release.pk} is being read again." in text(staff.get("/"))
    assert generations.current(registry.GENERATION) > before


def test_with_htmx_the_bar_alone_comes_back(shop: Shop, operator: User) -> None:
    answer = signed_in(operator).post("/reload", {"back": "/browse"}, htmx=True)
    assert "<html" not in text(answer)
    assert 'id="staff"' in text(answer)
    assert 'value="/browse"' in text(answer)


def test_reloading_says_what_hinders_it(shop: Shop, operator: User) -> None:
    Release.objects.all().delete()
    assert "No release is live" in text(signed_in(operator).post("/reload", htmx=True))


def test_who_may_not_operate_has_no_button_and_is_refused(shop: Shop, clerk: User) -> None:
    staff = signed_in(clerk)
    assert 'id="reload"' not in text(staff.get("/"))
    assert staff.post("/reload").status_code == 403
    assert Visitor("ada").post("/reload").status_code == 403


@pytest.mark.parametrize("back", ["https://example.com/", "//example.com", "javascript:alert(1)", ""])
def test_reloading_leads_to_no_other_site(shop: Shop, operator: User, back: str) -> None:
    assert signed_in(operator).post("/reload", {"back": back}).headers["Location"] == "/"


def test_staff_get_from_a_shelf_to_its_reasons_and_from_an_item_to_its_console(shop: Shop, clerk: User) -> None:
    staff = signed_in(clerk)
    assert "Why these?" not in text(staff.get("/"))
    staff.post("/people/be", {"user_id": "ada"})
    assert reverse("person-page", args=[shop.ada.pk]) in text(staff.get("/"))
    assert reverse("item-page", args=[shop.novels[0].pk]) in text(staff.open(shop.novels[0]))
    for page in (Visitor("ada").get("/"), Visitor("ada").open(shop.novels[0])):
        assert 'class="aside"' not in text(page)


def test_the_bar_needs_few_queries(
    shop: Shop, admin_user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    staff = signed_in(admin_user)
    staff.get("/")
    # The session, who is signed in, the live release and its models.
    with django_assert_num_queries(4):
        staff.get("/")
