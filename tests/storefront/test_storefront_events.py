"""A visitor's actions in the storefront become events, and change what they are shown next."""

from ipaddress import ip_network
from typing import Any

import pytest

from interactions import producers, types
from interactions.marks import Mark
from interactions.models import Interaction
from recommender.insight import impressions
from recommender.models import ListImpression
from tests import factories
from tests.recommender.fixtures import Shop, start_afresh
from tests.storefront.pages import Visitor, stored, text

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"


def test_opening_an_items_page_is_a_view_that_knows_its_shelf_and_place(shop: Shop) -> None:
    ada = Visitor("ada")
    link = ada.get("/").context["shelves"][0].cards[2].href
    impressions.flush()
    shown_as = str(ListImpression.objects.get(algorithm="svd", kind="person").recommendation_id)
    page = ada.get(link, User_Agent=BROWSER)
    assert stored("ada") == [("novel-2", "view", None)]
    context = {"source": "for-you", "position": 3, "recommendation_id": shown_as}
    assert Interaction.objects.get().context == context
    assert f'name="rec" value="{shown_as}"' in page.content.decode(), "What is pressed on the page would forget it."


@pytest.mark.parametrize(
    "headers",
    [
        {"User_Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User_Agent": "Mozilla/5.0 (compatible; bingbot/2.0)"},
        {"User_Agent": "facebookexternalhit/1.1"},
        {"Sec_Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"Referer": "http://testserver/items/novel-0?from=popular&at=1"},
    ],
)
def test_robots_browsers_that_fetch_ahead_and_the_way_back_from_a_form_are_no_views(
    shop: Shop, headers: dict[str, str]
) -> None:
    ada = Visitor("ada")
    assert ada.open(shop.novels[0], **headers).status_code == 200
    assert stored("ada") == []


def test_a_referer_that_is_no_address_changes_nothing(shop: Shop) -> None:
    ada = Visitor("ada")
    assert ada.open(shop.novels[0], User_Agent=BROWSER, Referer="http://[").status_code == 200
    assert stored("ada") == [("novel-0", "view", None)]


@pytest.mark.parametrize(
    ("agent", "staff", "mark"),
    [
        (BROWSER, [], Mark.NONE),
        ("Mozilla/5.0 (compatible; bingbot/2.0)", [], Mark.FLAGGED),
        (BROWSER, ["127.0.0.0/8"], Mark.STAFF),
    ],
)
def test_what_crawlers_and_staff_press_is_marked_as_the_api_marks_it(
    shop: Shop, settings: Any, agent: str, staff: list[str], mark: int
) -> None:
    settings.STAFF_ADDRESSES = [ip_network(one) for one in staff]
    ada = Visitor("ada", headers={"User-Agent": agent})
    ada.react(shop.novels[0], "like")
    assert Interaction.objects.get().mark == mark


def test_a_request_for_headers_alone_is_no_view(shop: Shop) -> None:
    ada = Visitor("ada")
    assert ada.client.head("/items/novel-0").status_code == 200
    assert stored("ada") == []


def test_somebody_who_is_nobody_leaves_no_trace(shop: Shop) -> None:
    nobody = Visitor()
    assert not nobody.open(shop.novels[0]).cookies.get("sessionid")
    assert not Interaction.objects.exists()


@pytest.mark.parametrize(
    "query", ["?from=elsewhere&at=1", "?from=popular&at=x", "?from=popular", "?at=3", "?from=new&at=99999"]
)
def test_an_origin_that_no_link_of_ours_carries_is_dropped(shop: Shop, query: str) -> None:
    Visitor("ada").open(shop.novels[0], query)
    assert not Interaction.objects.get().context


def test_a_rating_is_stored_and_the_way_leads_back_to_the_item(shop: Shop) -> None:
    ada = Visitor("ada")
    answer = ada.post("/react/novel-0", {"type": "rating", "value": "4", "from": "popular", "at": "2"})
    assert answer.headers["Location"] == "/items/novel-0?from=popular&at=2"
    assert stored("ada") == [("novel-0", "rating", 4.0)]
    assert Interaction.objects.get().context == {"source": "popular", "position": 2}
    page = text(ada.get(answer.headers["Location"]))
    assert "You gave it 4 of 5" in page
    assert page.count("star-on") == 4
    assert "<span>You gave it 4.</span>" in page


def test_with_htmx_only_the_panel_comes_back(shop: Shop) -> None:
    answer = Visitor("ada").react(shop.novels[0], "rating", 3, htmx=True)
    assert answer.status_code == 200
    assert "<html" not in text(answer)
    assert text(answer).count("star-on") == 3
    assert 'id="said"' in text(answer)


@pytest.mark.parametrize("kind", ["like", "dislike", "add_to_cart", "purchase"])
def test_each_button_stores_its_event_and_stays_pressed(shop: Shop, kind: str) -> None:
    ada = Visitor("ada")
    ada.react(shop.novels[0], kind)
    assert stored("ada") == [("novel-0", kind, None)]
    pressed = [act.type for act in ada.open(shop.novels[0]).context["acts"] if act.is_done]
    assert pressed == [kind]


def test_a_dislike_takes_the_like_back(shop: Shop) -> None:
    ada = Visitor("ada")
    for kind in ("like", "dislike"):
        ada.react(shop.novels[0], kind)
    assert [act.type for act in ada.open(shop.novels[0]).context["acts"] if act.is_done] == ["dislike"]


def test_nobody_becomes_someone_new_by_a_reaction(shop: Shop) -> None:
    nobody = Visitor()
    nobody.react(shop.novels[0], "like")
    assert nobody.user_id.startswith("visitor-")
    assert stored(nobody.user_id) == [("novel-0", "like", None)]


def test_a_rating_changes_the_next_view_of_the_own_shelf(shop: Shop, django_capture_on_commit_callbacks: Any) -> None:
    newcomer = Visitor()
    newcomer.post("/people/new")
    assert "for-you" not in newcomer.shelves()
    with django_capture_on_commit_callbacks(execute=True):
        newcomer.react(shop.poems[3], "rating", 5)
    shelves = newcomer.shelves()
    assert next(iter(shelves)) == "for-you"
    assert shelves["for-you"][:3] == [shop.poems[number].title for number in range(3)]
    assert all(shop.poems[3].title not in shown for key, shown in shelves.items() if key != "history")


def test_what_was_opened_leaves_the_shelves(shop: Shop, django_capture_on_commit_callbacks: Any) -> None:
    ada = Visitor("ada")
    assert ada.shelves()["for-you"][0] == shop.novels[0].title
    with django_capture_on_commit_callbacks(execute=True):
        ada.open(shop.novels[0])
    assert ada.shelves()["for-you"][0] == shop.novels[1].title


@pytest.mark.parametrize(
    ("kind", "value"), [("rating", "6"), ("rating", "0"), ("rating", "x"), ("rating", "nan"), ("rating", None)]
)
def test_a_rating_off_the_scale_is_refused_with_a_sentence(shop: Shop, kind: str, value: str | None) -> None:
    ada = Visitor("ada")
    given = {"type": kind} | ({"value": value} if value else {})
    refused = ada.post("/react/novel-0", given, htmx=True)
    assert refused.status_code == 422
    assert 'role="alert"' in text(refused)
    plain = ada.post("/react/novel-0", given)
    assert plain.headers["Location"] == "/items/novel-0"
    assert refused.context["error"] in text(ada.get("/items/novel-0"))
    assert not Interaction.objects.filter(type__name="rating").exists()


@pytest.mark.parametrize("kind", ["impression", "share", "view", "", "nonsense"])
def test_only_what_the_page_offers_can_be_sent(shop: Shop, kind: str) -> None:
    assert Visitor("ada").react(shop.novels[0], kind, htmx=True).status_code == 422
    assert stored("ada") == []


def test_a_form_from_elsewhere_is_refused(shop: Shop) -> None:
    stranger = Visitor(enforce_csrf_checks=True)
    for path in ("/react/novel-0", "/people/new", "/people/be", "/people/leave", "/reload"):
        assert stranger.post(path, {"type": "like"}).status_code == 403
    assert not Interaction.objects.exists()


@pytest.mark.parametrize("path", ["/react/novel-0", "/people/new", "/people/be", "/people/leave", "/reload"])
def test_what_changes_something_takes_no_get(shop: Shop, path: str) -> None:
    assert Visitor("ada").get(path).status_code == 405


def test_an_item_is_shown_while_views_cannot_be_stored(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise producers.EventLogUnavailable("Events can't be stored at the moment.")

    monkeypatch.setattr(producers, "store_and_tell", gone)
    ada = Visitor("ada")
    ada.client.raise_request_exception = False
    assert ada.open(shop.novels[0]).status_code == 200
    assert ada.react(shop.novels[0], "like").status_code == 503


@pytest.mark.parametrize(
    ("low", "high", "stars"),
    [
        (1, 5, [1, 2, 3, 4, 5]),
        (0.5, 5, [1, 2, 3, 4, 5]),
        (1, 10, list(range(1, 11))),
        (0, 100, list(range(10, 101, 10))),
    ],
)
def test_the_stars_follow_the_scale_of_ratings(shop: Shop, low: float, high: float, stars: list[int]) -> None:
    rating = factories.interaction_type("rating")
    rating.scale_min, rating.scale_max, rating.relevant_at = low, high, high
    rating.save()
    types.changed()
    start_afresh()
    assert Visitor().open(shop.novels[0]).context["steps"] == stars


def test_a_type_that_staff_removed_has_no_button(shop: Shop) -> None:
    factories.interaction_type("rating").delete()
    factories.interaction_type("purchase").delete()
    start_afresh()
    page = Visitor().open(shop.novels[0])
    assert page.context["steps"] == []
    assert [act.type for act in page.context["acts"]] == ["like", "dislike", "add_to_cart"]
