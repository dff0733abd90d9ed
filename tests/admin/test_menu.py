"""One page has one name: in the menu, in its title, in its breadcrumb and in what it calls its rows."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib import admin as site
from django.urls import resolve

from recsite.unfold import MENU
from tests import factories
from tests.admin.staff import Staff

GROUPS = ["Merchandise", "Measure", "Models", "Data", "System"]
ROWS_BY_ANOTHER_NOUN = {"Schedule": "Scheduled tasks", "Activity": "Changes"}
"""Pages whose name is no plural, and the noun of their rows."""


def entries() -> list[tuple[str, dict[str, Any]]]:
    """Return every entry with its group, and the parts below it."""
    found = [(group.get("title", ""), entry) for group in MENU for entry in group["items"]]
    return found + [(group, part) for group, entry in found for part in entry.get("parts", ())]


NAMES = [entry["title"] for _, entry in entries()]


def heading(page: str) -> list[str]:
    """Return the parts of a page's breadcrumb, the last of which is its name."""
    inner = re.search(r"<h1.*?>(.*?)</h1>", page, re.DOTALL)
    assert inner is not None
    return [unescape(part).strip() for part in re.split(r"<[^>]+>", inner[1]) if part.strip()]


def title(page: str) -> str:
    inner = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert inner is not None
    return unescape(inner[1]).strip()


def test_the_groups_are_those_of_the_console() -> None:
    assert [group["title"] for group in MENU if "title" in group] == GROUPS


def test_no_two_pages_have_one_name() -> None:
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize(("group", "entry"), entries(), ids=NAMES)
def test_menu_title_and_breadcrumb_say_one_word(admin: Staff, group: str, entry: dict[str, Any]) -> None:
    page = admin.get(str(entry["link"])).content.decode()
    path = heading(page)
    assert path[-1] == entry["title"]
    assert path[:1] == ([group] if group else ["Overview"])
    assert len(path) == len(set(path))
    assert title(page) == f"{entry['title']} | recsite"


@pytest.mark.parametrize(("group", "entry"), entries(), ids=NAMES)
def test_rows_are_called_what_the_page_is_called(group: str, entry: dict[str, Any]) -> None:
    page = getattr(resolve(str(entry["link"])).func, "model_admin", None)
    if page is not None:
        name = str(page.opts.verbose_name_plural)
        assert name[0].upper() + name[1:] == ROWS_BY_ANOTHER_NOUN.get(entry["title"], entry["title"])


def test_the_page_of_a_row_leads_back_by_the_menu(admin: Staff) -> None:
    item = factories.item("emma", title="Emma")
    user = factories.person("ada")
    for address, path in (
        (f"/admin/catalog/item/{item.pk}/change/", ["Merchandise", "Items", "Emma"]),
        (f"/admin/items/{item.pk}/", ["Merchandise", "Items", "Emma"]),
        (f"/admin/people/{user.pk}/", ["Merchandise", "People", "ada"]),
        ("/admin/compare/", ["Models", "Releases", "Compare"]),
        ("/admin/compare/estimates/", ["Models", "Releases", "Estimates"]),
        ("/admin/auth/user/add/", ["System", "Staff", "Add staff account"]),
        ("/admin/auth/group/add/", ["System", "Roles", "Add role"]),
        ("/admin/django_celery_beat/periodictask/add/", ["System", "Schedule", "Add scheduled task"]),
    ):
        page = admin.get(address).content.decode()
        assert heading(page) == path
        assert title(page) == f"{path[2]} | {path[1]} | recsite"


@pytest.mark.parametrize(
    ("old", "new"),
    [("/admin/things/7/", "/admin/items/7/"), ("/admin/figures/?days=28", "/admin/results/?days=28")],
)
def test_old_addresses_lead_to_the_new_ones(admin: Staff, old: str, new: str) -> None:
    answer = admin.get(old)
    assert (answer.status_code, answer.headers["Location"]) == (301, new)


def test_one_row_is_counted_in_the_singular(admin: Staff) -> None:
    factories.item("emma")
    counted = {
        "/admin/catalog/item/": "1 item",
        "/admin/auth/user/": "1 staff account",
        "/admin/recommender/modelversion/": "0 models",
    }
    for address, words in counted.items():
        assert words in admin.page(address)


def test_every_registered_page_of_ours_is_in_the_menu() -> None:
    """Tables that are the program's own have a page for engineers, and no entry."""
    linked = {getattr(resolve(str(entry["link"])).func, "model_admin", None) for _, entry in entries()}
    missing = {page.model.__name__ for page in site.site._registry.values() if page not in linked}
    assert missing == {
        "Generation",
        "ItemEmbedding",
        "ClockedSchedule",
        "CrontabSchedule",
        "IntervalSchedule",
        "SolarSchedule",
    }
