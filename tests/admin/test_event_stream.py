"""The event stream: by key, newest first, however many events there are."""

import re
from datetime import timedelta
from html import unescape
from itertools import chain

import pytest

from catalog.models import EndUser, Item
from interactions.models import Interaction
from recsite.platform import keyset
from tests import factories
from tests.admin.staff import EVENTS, Staff
from tests.factories import NOON
from tests.recommender.events import happened

PER_PAGE = 25


@pytest.fixture
def item() -> Item:
    return factories.item("dune", title="Dune")


@pytest.fixture
def ada() -> EndUser:
    return factories.ada()


def shown(staff: Staff, address: str) -> list[int]:
    """The ids of the events on a page, in its order."""
    return [int(pk) for pk in re.findall(rf"{EVENTS}(\d+)/change/", staff.get(address).content.decode())]


def older(staff: Staff, address: str) -> str | None:
    """The address of the next page."""
    found = re.search(r'rel="next" href="([^"]+)"', staff.get(address).content.decode())
    return EVENTS + unescape(found[1]) if found else None


def walk(staff: Staff, address: str = EVENTS) -> list[list[int]]:
    """The pages from here on to the last."""
    pages = []
    following: str | None = address
    while following:
        pages.append(shown(staff, following))
        following = older(staff, following)
    return pages


def test_all_events_are_shown_once_newest_first_also_those_of_one_moment(
    viewer: Staff, ada: EndUser, item: Item
) -> None:
    for number in range(130):
        happened(ada, item, occurred_at=NOON + timedelta(microseconds=number // 60))
    pages = walk(viewer)
    assert [len(page) for page in pages] == [25] * 5 + [5]
    newest_first = Interaction.objects.order_by("-occurred_at", "-id").values_list("pk", flat=True)
    assert list(chain(*pages)) == list(newest_first)


def test_a_page_that_is_just_full_leads_no_further(viewer: Staff, ada: EndUser, item: Item) -> None:
    for number in range(PER_PAGE):
        happened(ada, item, occurred_at=NOON + timedelta(seconds=number))
    assert [len(page) for page in walk(viewer)] == [PER_PAGE]
    assert "25 events" in viewer.page(EVENTS)


def test_filters_hold_from_page_to_page(viewer: Staff, ada: EndUser, item: Item) -> None:
    for number in range(120):
        happened(ada, item, "view" if number % 2 else "like", occurred_at=NOON + timedelta(seconds=number))
    like = factories.interaction_type("like").pk
    pages = walk(viewer, f"{EVENTS}?type__id__exact={like}")
    assert [len(page) for page in pages] == [25, 25, 10]
    assert set(Interaction.objects.filter(pk__in=chain(*pages)).values_list("type__name", flat=True)) == {"like"}


def test_another_filter_begins_with_the_newest(viewer: Staff, ada: EndUser, item: Item) -> None:
    for number in range(60):
        happened(ada, item, occurred_at=NOON + timedelta(seconds=number))
    second = older(viewer, EVENTS) or ""
    links = re.findall(r'href="(\?[^"]*type__id__exact[^"]*)"', viewer.get(second).content.decode())
    assert links
    assert [link for link in links if "before" in link] == []


def test_a_rare_type_is_looked_for_in_windows(
    viewer: Staff, ada: EndUser, item: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "WINDOW", 10)
    rare = [happened(ada, item, "share", occurred_at=NOON + timedelta(seconds=number)).pk for number in (3, 27)]
    for number in range(30):
        happened(ada, item, "view", occurred_at=NOON + timedelta(seconds=number, microseconds=1))
    share = factories.interaction_type("share").pk
    first = f"{EVENTS}?type__id__exact={share}"
    pages = walk(viewer, first)
    assert list(chain(*pages)) == rare[::-1]
    assert len(pages) > 2
    assert "1 found back to 1 May 2026" in viewer.page(first)


def test_an_empty_window_says_where_to_go_on(
    viewer: Staff, ada: EndUser, item: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "WINDOW", 2)
    for number in range(5):
        happened(ada, item, "view", occurred_at=NOON + timedelta(seconds=number))
    page = viewer.page(EVENTS, type__id__exact=factories.interaction_type("share").pk)
    assert "Nothing fits among the latest ones; look further back below." in page


def test_one_persons_events_and_one_items_are_found_by_id(viewer: Staff, ada: EndUser, item: Item) -> None:
    own, other = happened(ada, item), happened(factories.ben(), factories.item("emma"))
    assert shown(viewer, f"{EVENTS}?q=ada") == shown(viewer, f"{EVENTS}?user__id__exact={ada.pk}") == [own.pk]
    assert shown(viewer, f"{EVENTS}?q=emma") == [other.pk]
    assert shown(viewer, f"{EVENTS}?q=nobody") == []
    assert "Nothing fits the search and the filters." in viewer.page(EVENTS, q="nobody")


@pytest.mark.parametrize(
    "before",
    ["x", "2026-05-01", "2026-05-01T12:00:00,7", "2026-05-01T12:00:00+00:00,x", "yesterday,7", ",", "2026-13-01,1"],
)
def test_a_damaged_address_leads_to_the_newest_page_with_a_sentence(
    viewer: Staff, ada: EndUser, item: Item, before: str
) -> None:
    event = happened(ada, item)
    answer = viewer.get(EVENTS, before=before, q="ada")
    assert answer.headers["Location"] == f"{EVENTS}?q=ada"
    assert "The address of that page was damaged" in viewer.follow(answer)
    assert shown(viewer, f"{EVENTS}?q=ada") == [event.pk]


def test_a_key_beyond_all_numbers_is_no_mistake_of_ours(viewer: Staff, ada: EndUser, item: Item) -> None:
    happened(ada, item)
    assert viewer.get(EVENTS, before=f"2026-05-01T12:00:00+00:00,{10**30}").status_code == 200
    assert viewer.get(EVENTS, before="0001-01-01T00:00:00+14:00,1").status_code == 200


def test_events_are_facts(admin: Staff, ada: EndUser, item: Item) -> None:
    event = happened(ada, item, "rating", value=4, context={"source": "api", "position": 3})
    assert admin.get(f"{EVENTS}add/").status_code == 403
    assert admin.get(f"{EVENTS}{event.pk}/delete/").status_code == 403
    assert admin.post(f"{EVENTS}{event.pk}/change/", value="5").status_code == 403
    page = admin.page(f"{EVENTS}{event.pk}/change/")
    for said in ("ada", "Dune", "rating", '"position": 3', "2026-05-01 12:00:00"):
        assert said in page


def test_an_event_without_a_time_says_so(viewer: Staff, ada: EndUser, item: Item) -> None:
    event = happened(ada, item, undated=True)
    assert "no date" in viewer.page(EVENTS)
    assert "the file had no times" in viewer.page(f"{EVENTS}{event.pk}/change/")


def seen(staff: Staff, address: str = EVENTS) -> list[str]:
    """The newest event of a page that moves, as it asks for newer ones."""
    return re.findall(r'"X-Seen": "(\d+)"', staff.get(address).content.decode())


def test_a_page_that_has_everything_gets_nothing(viewer: Staff, ada: EndUser, item: Item) -> None:
    first = happened(ada, item, occurred_at=NOON)
    assert seen(viewer) == [str(first.pk)]
    assert viewer.client.get(EVENTS, headers={"X-Seen": str(first.pk)}).status_code == 204
    happened(ada, item, occurred_at=NOON + timedelta(seconds=1))
    assert viewer.client.get(EVENTS, headers={"X-Seen": str(first.pk)}).status_code == 200


def test_only_the_newest_page_of_all_events_moves(viewer: Staff, ada: EndUser, item: Item) -> None:
    assert seen(viewer) == ["0"]
    for number in range(60):
        happened(ada, item, occurred_at=NOON + timedelta(seconds=number))
    following = older(viewer, EVENTS)
    assert following is not None
    for address in (following, f"{EVENTS}?q=dune", f"{EVENTS}?undated__exact=0"):
        assert seen(viewer, address) == []
