"""One page has one name: in the menu, in its tab, its title, its breadcrumb and in what it calls its rows."""

import re
from html import unescape

import pytest
from django.contrib import admin as site
from django.urls import resolve, reverse

from interactions.models import DeadLetter
from recsite.console import menu
from recsite.console.menu import Place
from recsite.roles import ROLES
from tests import factories
from tests.admin.staff import OURS, Staff, held, member

ENTRIES = {
    "": ["Overview"],
    "Merchandise": ["Placements", "Items", "Users", "Categories"],
    "Measure": ["Results", "Experiments", "Drift"],
    "Models": ["Releases", "Jobs"],
    "Data": ["Events", "Imports", "Dead letters"],
    "System": ["Health", "Activity", "Access"],
}
ROWS_BY_ANOTHER_NOUN = {"Schedule": "Scheduled tasks", "Activity": "Changes", "All letters": "Dead letters"}
"""Pages whose name is no plural, and the noun of their rows."""

PLACES = list(menu.places())
NAMES = [place.page.title for place in PLACES]
SIDE_BAR = re.compile(r'id="nav-sidebar-apps".*?id="main"', re.DOTALL)
ITEM = re.compile(r'<li>\s*<a href="([^"]+)".*?<span>([^<]+)</span>', re.DOTALL)
TAB = re.compile(r'<a href="([^"]+)"( aria-current="page")?>([^<]+)</a>')


def path_of(place: Place) -> list[str]:
    """The group, the entry and the tab; what is called as the one above it is said once."""
    words = [place.group.title, place.entry.title, place.page.title]
    return [word for word, above in zip(words, ["", *words], strict=False) if word not in ("", above)]


def heading(page: str) -> list[str]:
    """Return the parts of a page's breadcrumb, the last of which is its name."""
    inner = re.search(r"<h1.*?>(.*?)</h1>", page, re.DOTALL)
    assert inner is not None
    return [unescape(part).strip() for part in re.split(r"<[^>]+>", inner[1]) if part.strip()]


def title(page: str) -> str:
    inner = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert inner is not None
    return unescape(inner[1]).strip()


def entries_of(page: str) -> dict[str, str]:
    """Return the entries of the side bar, and where each leads."""
    found = SIDE_BAR.search(page)
    assert found is not None
    return {unescape(name): link for link, name in ITEM.findall(found[0])}


def tabs_of(page: str) -> dict[str, str]:
    row = re.search(r'<nav class="rs-tabs".*?</nav>', page, re.DOTALL)
    return {unescape(name): link for link, _, name in TAB.findall(row[0])} if row else {}


def test_the_groups_and_entries_are_those_of_the_console() -> None:
    assert {group.title: [entry.title for entry in group.entries] for group in menu.MENU} == ENTRIES


def test_the_side_bar_shows_them_all(admin: Staff) -> None:
    shown = entries_of(admin.get("/admin/").content.decode())
    assert list(shown) == [name for names in ENTRIES.values() for name in names]


def test_no_two_pages_have_one_name() -> None:
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
def test_menu_tab_title_and_breadcrumb_say_one_word(admin: Staff, place: Place) -> None:
    page = admin.get(place.page.link).content.decode()
    path = path_of(place)
    assert heading(page) == path
    assert title(page) == " | ".join([*reversed(path[1:] or path), "recsite"])
    tabs = [one.title for one in place.entry.pages if one.is_tab]
    assert list(tabs_of(page)) == (tabs if len(tabs) > 1 else [])
    if place.page.is_tab and len(tabs) > 1:
        assert f'aria-current="page">{place.page.title}<' in page
    # Its entry is lit in the menu.
    lit = re.search(r'text-primary-600[^"]*\bactive">(?:(?!</a>).)*?<span>([^<]+)</span>', page, re.DOTALL)
    assert lit is not None
    assert unescape(lit[1]) == place.entry.title


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
def test_rows_are_called_what_the_page_is_called(place: Place) -> None:
    page = getattr(resolve(place.page.link).func, "model_admin", None)
    if page is not None:
        name = str(page.opts.verbose_name_plural)
        assert name[0].upper() + name[1:] == ROWS_BY_ANOTHER_NOUN.get(place.page.title, place.page.title)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_shown_what_it_may_open_and_nothing_else(db: None, role: str) -> None:
    staff, may = member(role), held(role)
    shown = entries_of(staff.get("/admin/").content.decode())
    expected = {place.entry.title for place in PLACES if not place.page.permission or place.page.permission in may}
    assert set(shown) == expected
    for name, link in shown.items():
        answer = staff.get(link)
        assert answer.status_code == 200, (name, link)
        for tab, address in tabs_of(answer.content.decode()).items():
            assert staff.get(address).status_code == 200, (name, tab)
    for place in PLACES:
        allowed = not place.page.permission or place.page.permission in may
        assert (staff.get(place.page.link).status_code == 200) == allowed, place.page.title


def test_who_may_see_one_tab_alone_is_led_to_it(db: None) -> None:
    clerk = Staff("clerk", "interactions.view_review")
    page = clerk.get("/admin/").content.decode()
    reviews, sessions = reverse("admin:interactions_review_changelist"), reverse("sessions-page")
    # Everybody sees and ends their own sessions.
    assert entries_of(page) == {"Overview": "/admin/", "Events": reviews, "Access": sessions}
    assert tabs_of(clerk.get("/admin/interactions/review/").content.decode()) == {}


def test_the_page_of_a_row_leads_back_by_the_menu(admin: Staff) -> None:
    item = factories.item("emma", title="Emma")
    user = factories.person("ada")
    for address, path in (
        (f"/admin/catalog/item/{item.pk}/change/", ["Merchandise", "Items", "Emma"]),
        (f"/admin/items/{item.pk}/", ["Merchandise", "Items", "Emma"]),
        (f"/admin/people/{user.pk}/", ["Merchandise", "Users", "ada"]),
        ("/admin/auth/user/add/", ["System", "Access", "Staff", "Add staff account"]),
        ("/admin/auth/group/add/", ["System", "Access", "Roles", "Add role"]),
        ("/admin/django_celery_beat/periodictask/add/", ["System", "Health", "Schedule", "Add scheduled task"]),
    ):
        page = admin.get(address).content.decode()
        assert heading(page) == path
        assert title(page) == " | ".join([*reversed(path[1:]), "recsite"])
        assert tabs_of(page) == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [("/admin/things/7/", "/admin/items/7/"), ("/admin/figures/?days=28", "/admin/results/?days=28")],
)
def test_old_addresses_lead_to_the_new_ones(admin: Staff, old: str, new: str) -> None:
    answer = admin.get(old)
    assert (answer.status_code, answer.headers["Location"]) == (301, new)


@pytest.mark.parametrize("app", [*OURS, "auth", "django_celery_beat"])
def test_the_index_of_an_app_leads_to_the_overview(admin: Staff, app: str) -> None:
    answer = admin.get(reverse("admin:app_list", args=[app]))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def test_one_row_is_counted_in_the_singular(admin: Staff) -> None:
    factories.item("emma")
    counted = {
        "/admin/catalog/item/": "1 item",
        "/admin/auth/user/": "1 staff account",
        "/admin/recommender/modelversion/": "0 models",
    }
    for address, words in counted.items():
        assert words in admin.page(address)


def test_every_registered_page_is_in_the_menu() -> None:
    linked = {getattr(resolve(place.page.link).func, "model_admin", None) for place in PLACES}
    missing = {page.model.__name__ for page in site.site._registry.values() if page not in linked}
    assert missing == set()


def test_tables_of_the_program_are_no_tabs_and_are_reached_from_health(admin: Staff) -> None:
    page = "".join(admin.get(f"/admin/health/{tab}").content.decode() for tab in ("", "alerts/"))
    hidden = [place for place in PLACES if not place.page.is_tab]
    assert [place.page.title for place in hidden] == [
        "Item embeddings",
        "Alert subscriptions",
        "Silences",
        "Feed cursors",
        "Generations",
    ]
    for place in hidden:
        assert f'href="{place.page.link}"' in page
        assert place.page.title not in tabs_of(page)


def test_dead_letters_have_a_count_where_some_wait(admin: Staff) -> None:
    assert "rs-count" not in admin.get("/admin/").content.decode()
    DeadLetter.objects.bulk_create(DeadLetter(source="api", reason="?", payload={}) for _ in range(3))
    assert "3 waiting" in admin.page("/admin/")
    DeadLetter.objects.bulk_create(DeadLetter(source="api", reason="?", payload={}) for _ in range(120))
    assert "99+ waiting" in admin.page("/admin/")
    assert "waiting" not in Staff("clerk", "catalog.view_item").page("/admin/")
