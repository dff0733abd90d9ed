"""A title that doesn't interest leaves the shelves, and every act can be taken back."""

import re
from typing import Any
from uuid import UUID

import pytest

from interactions import types
from interactions.marks import Mark
from interactions.models import Interaction
from tests import factories
from tests.recommender.fixtures import Shop, start_afresh
from tests.storefront.pages import Visitor, stored, text


@pytest.fixture(autouse=True)
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    """What happens after a commit happens in these tests too, at each press."""

    def run(press: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return press()

    return run


def last_event(kind: str) -> str:
    acts = Interaction.objects.filter(type__name=kind).order_by("-id")
    return str(acts.values_list("event_id", flat=True)[0])


def own_shelf(visitor: Visitor) -> list[str]:
    return visitor.shelves()["for-you"]


def test_not_interested_takes_a_title_off_and_undo_brings_it_back(shop: Shop, committed: Any) -> None:
    ada = Visitor("ada")
    before = own_shelf(ada)
    card = ada.get("/").context["shelves"][0].cards[0]
    gone = committed(lambda: ada.post(card.dismiss, htmx=True))
    assert "is off your shelves" in text(gone)
    assert stored("ada") == [("novel-0", "dislike", None)]
    context = Interaction.objects.get().context or {}
    assert (context["source"], context["position"]) == ("for-you", 1)
    assert UUID(context["recommendation_id"])
    assert shop.novels[0].title not in own_shelf(ada)
    back = committed(lambda: ada.post("/undo/novel-0", {"event": last_event("dislike")}, htmx=True))
    assert "Taken back" in text(back)
    assert own_shelf(ada) == before
    assert [kind for _, kind, _ in stored("ada")] == ["dislike", "undo"], "Nothing was deleted."
    assert "history" not in {key for key, shown in ada.shelves().items() if shown}


def test_without_javascript_the_page_that_asked_offers_to_take_it_back(shop: Shop, committed: Any) -> None:
    ada = Visitor("ada")
    answer = committed(lambda: ada.post("/dismiss/novel-0?from=popular&at=1", {"back": "/browse?q=x"}))
    assert answer.headers["Location"].startswith("/browse?q=x&off=")
    page = text(ada.get(f"/?{answer.headers['Location'].partition('&')[2]}"))
    assert f"“{shop.novels[0].title}” is off your shelves" in page
    event = re.search(r'name="event" value="([^"]+)"', page)
    assert event
    assert 'name="back" value="/"' in page, "Going back would tell it again."
    back = committed(lambda: ada.post("/undo/novel-0", {"event": event[1], "back": "/"}))
    assert back.headers["Location"] == "/"
    assert "Taken back" in text(ada.get("/"))


@pytest.mark.parametrize("back", ["https://example.com/", "//example.com", ""])
def test_the_way_back_leads_to_no_other_site(shop: Shop, back: str) -> None:
    answer = Visitor("ada").post("/dismiss/novel-0", {"back": back})
    assert answer.headers["Location"].startswith("/?off=")


@pytest.mark.parametrize("query", ["?off=x&off-item=novel-0", "?off=x", f"?off={UUID(int=1)}&off-item=nothing"])
def test_an_address_that_names_nothing_of_ours_shows_no_offer(shop: Shop, query: str) -> None:
    assert "is off your shelves" not in text(Visitor("ada").get(f"/{query}"))


@pytest.mark.parametrize(("kind", "value"), [("like", None), ("rating", 5), ("add_to_cart", None), ("purchase", None)])
def test_every_act_is_taken_back_on_the_item_s_page(shop: Shop, committed: Any, kind: str, value: float | None) -> None:
    ada = Visitor("ada")
    before = own_shelf(ada)
    committed(lambda: ada.react(shop.novels[0], kind, value))
    assert own_shelf(ada) != before
    assert 'id="undo-last"' in text(ada.open(shop.novels[0]))
    panel = committed(
        lambda: ada.client.post(
            "/undo/novel-0", {"event": last_event(kind)}, headers={"HX-Request": "true", "HX-Target": "reactions"}
        )
    )
    assert panel.context["rating"] is None
    assert not any(act.is_done for act in panel.context["acts"])
    assert 'id="undo-last"' not in text(panel)
    assert Interaction.objects.get(type__name=kind).mark == Mark.TAKEN_BACK


@pytest.mark.parametrize("whose", ["nobody", "ben"])
def test_what_somebody_else_did_is_not_taken_back(shop: Shop, committed: Any, whose: str) -> None:
    committed(lambda: Visitor("ada").react(shop.novels[0], "like"))
    other = Visitor() if whose == "nobody" else Visitor(whose)
    for event in (last_event("like"), "x", ""):
        answer = other.post("/undo/novel-0", {"event": event}, htmx=True)
        assert answer.status_code == 422
        assert answer.headers["HX-Reswap"] == "none"
    assert stored("ada") == [("novel-0", "like", None)]


def test_nobody_becomes_a_visitor_by_it(shop: Shop) -> None:
    nobody = Visitor()
    nobody.post("/dismiss/poem-0", htmx=True)
    assert stored(nobody.user_id) == [("poem-0", "dislike", None)]


def test_another_type_that_speaks_against_takes_the_place_of_dislike(shop: Shop) -> None:
    factories.interaction_type("dislike").delete()
    types.changed()
    start_afresh()
    nobody = Visitor()
    assert "Not interested" not in text(nobody.get("/"))
    kind = factories.interaction_type("share")
    kind.name, kind.is_negative = "skip", True
    kind.save()
    types.changed()
    start_afresh()
    assert "Not interested" in text(nobody.get("/"))
    nobody.post("/dismiss/poem-0", htmx=True)
    assert stored(nobody.user_id) == [("poem-0", "skip", None)]
