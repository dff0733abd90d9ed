"""Each role opens exactly those pages and has exactly those buttons that the tables say, and no link leads to a 403."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib import admin as site
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.test import RequestFactory
from django.urls import Resolver404, resolve, reverse

from catalog.models import EndUser
from interactions.admin import urls as data_urls
from interactions.models import FileImport
from recommender.admin import urls
from recommender.models import Experiment
from recsite import role_table
from recsite.console import urls as console_urls
from recsite.local.paths import PROJECT
from recsite.permissions import ADMIN_ACTIONS, ADMIN_OPEN, ADMIN_PAGES
from recsite.roles import ADMINISTRATOR, GRANTS, ROLES, SECRETS, VIEWER
from recsite.undo_table import UNDO
from tests.admin.rows import fill_tables
from tests.admin.staff import Staff, held, known_permissions, member
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db
LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
DJANGOS_OWN = {"delete_selected"}
BY_VERB = {"platform.auditentry": {"undo"}}
"""Buttons that need another permission for each row: `UNDO` has them."""


@pytest.fixture
def filled(shop: Shop) -> Shop:
    fill_tables(shop)
    return shop


def label(model: type[Model]) -> str:
    return f"{model._meta.app_label}.{model._meta.model_name}"


def forms() -> dict[str, tuple[str, ...]]:
    """Return the addresses of the lists and forms of every table, and the permissions of which one is enough.

    Nobody has what is enough where a page offers no such form.
    """
    boss = request_of(Staff("boss", is_superuser=True))
    found: dict[str, tuple[str, ...]] = {}
    for model, page in site.site._registry.items():
        app, name = model._meta.app_label, model._meta.model_name
        row = model._default_manager.order_by("pk").first()
        seen = (f"{app}.view_{name}", f"{app}.change_{name}")
        added = (f"{app}.add_{name}",) if page.has_add_permission(boss) else ()
        deleted = (f"{app}.delete_{name}",) if page.has_delete_permission(boss, row) else ()
        found[reverse(f"admin:{app}_{name}_changelist")] = seen
        found[reverse(f"admin:{app}_{name}_add")] = added
        if row:
            for form, needed in (("change", seen), ("history", seen), ("delete", deleted)):
                found[reverse(f"admin:{app}_{name}_{form}", args=[row.pk])] = needed
    return found


def request_of(staff: Staff) -> Any:
    request = RequestFactory().get("/admin/")
    request.user = staff.user
    return request


def buttons() -> dict[str, dict[str, str]]:
    """Return the addresses of the buttons of every page by model and name; none for actions of a list's menu."""
    found: dict[str, dict[str, str]] = {}
    for model, page in site.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.order_by("pk").first()
        asked: Any = page
        found[label(model)] = {
            **{action: "" for action in asked.actions or () if action not in DJANGOS_OWN},
            **{action: reverse(f"{name}_{action}") for action in asked.actions_list},
            **{action: reverse(f"{name}_{action}", args=[row.pk]) for action in asked.actions_detail if row},
        }
    return {model: actions for model, actions in found.items() if actions}


def is_refused(staff: Staff, method: str, address: str) -> bool:
    """Ask the view itself: the page that says so is the same for all."""
    match = resolve(address)
    request: Any = RequestFactory().generic(method, address)
    request.user, request._dont_enforce_csrf_checks = staff.user, True
    try:
        match.func(request, *match.args, **match.kwargs)
    except PermissionDenied:
        return True
    return False


def test_every_button_and_page_stands_in_the_table(filled: Shop) -> None:
    written = {model: set(actions) for model, actions in ADMIN_ACTIONS.items()} | BY_VERB
    assert {model: set(actions) for model, actions in buttons().items()} == written
    patterns = (*urls.urlpatterns, *data_urls.urlpatterns, *console_urls.urlpatterns)
    routes = {route.name for route in patterns if route.name}
    assert routes == {*ADMIN_PAGES, *ADMIN_OPEN, "run-task", "switch-task", "import-upload"}
    pages: Any = site.site._registry.values()
    for page in pages:
        assert not page.actions_row
        assert not page.actions_submit_line


def test_every_permission_of_a_table_exists(db: None) -> None:
    named = {permission for grant in GRANTS for permission in grant.permissions} | SECRETS
    named |= {permission for actions in ADMIN_ACTIONS.values() for permission in actions.values()}
    named |= set(ADMIN_PAGES.values()) | {how.permission for how in UNDO.values()}
    assert named - known_permissions() == set()


def test_no_row_that_holds_a_secret_is_for_who_only_looks(db: None) -> None:
    secret = re.compile(r"secret|password|token|hashed_key|^key$")
    seen = held(VIEWER)
    wrong = [
        f"{label(model)}.{field.name}"
        for model in site.site._registry
        if f"{model._meta.app_label}.view_{model._meta.model_name}" in seen
        for field in model._meta.get_fields()
        if secret.search(field.name)
    ]
    # The key of a message for Kafka says to which partition it goes, that of an experiment is its name. What deals
    # users out to variants stands on no page.
    public = ["interactions.outboxmessage.key", "recommender.experiment.key", "recommender.experiment.secret"]
    assert sorted(wrong) == public
    row = Experiment.objects.create(key="home", placement="default", primary_metric="click_rate")
    page = member(VIEWER).page(f"/admin/recommender/experiment/{row.pk}/change/")
    assert "home" in page
    assert row.secret not in page


@pytest.mark.parametrize("role", ROLES)
def test_lists_forms_and_links(filled: Shop, role: str) -> None:
    """No page that a role may see is refused, and none of them links to one that is.

    Of links that differ by the row alone, one is followed.
    """
    staff, may = member(role), held(role)
    links: dict[tuple[str, ...], str] = {}
    for address, needed in forms().items():
        passes = bool(may & set(needed))
        assert is_refused(staff, "GET", address) != passes, address
        if not passes:
            assert is_refused(staff, "POST", address), address
        elif not address.endswith("/history/"):
            answer = staff.get(address)
            assert answer.status_code == 200, address
            for link in map(unescape, LINK.findall(answer.content.decode())):
                links.setdefault(_kind(link), link)
    followed = {link: staff.get(link).status_code for kind, link in links.items() if kind and kind[0] != "admin:logout"}
    assert len(followed) > 40
    assert {link: status for link, status in followed.items() if status >= 400} == {}


@pytest.mark.parametrize("role", ROLES)
def test_pages_that_are_no_lists(shop: Shop, role: str) -> None:
    staff, may = member(role), held(role)
    rows: dict[str, list[Any]] = {
        name: [shop.ada.pk] for name in ADMIN_PAGES if name.startswith("person-") or name == "what-if"
    }
    rows["import-page"] = [FileImport.objects.create(name="a.csv", size=1, by="clerk").pk]
    rows |= {name: [shop.novels[0].pk] for name in ("item-page", "item-rule", "item-availability")}
    rows["object-activity"] = ["item", shop.novels[0].pk]
    passed = {name: staff.get(reverse(name, args=rows.get(name))).status_code == 200 for name in ADMIN_PAGES}
    assert passed == {name: permission in may for name, permission in ADMIN_PAGES.items()}


@pytest.mark.parametrize("role", ROLES)
def test_buttons(filled: Shop, role: str) -> None:
    staff, may = member(role), held(role)
    request, addresses = request_of(staff), buttons()
    pages = {label(model): page for model, page in site.site._registry.items()}
    for model, actions in ADMIN_ACTIONS.items():
        listed = pages[model].get_actions(request)
        for name, permission in actions.items():
            address = addresses[model][name]
            # Who is out can't opt out, and the other way round.
            EndUser.objects.update(opted_out_at="2026-01-01T00:00:00Z" if name == "opt_in" else None)
            passed = staff.get(address).status_code != 403 if address else name in listed
            assert passed == (permission in may), (model, name)


def _kind(link: str) -> tuple[str, ...]:
    try:
        match = resolve(link.partition("?")[0])
    except Resolver404:
        return ()
    return (match.view_name, match.kwargs.get("app_label", ""))


def test_an_administrator_may_what_a_superuser_may(admin: Staff) -> None:
    boss, staff = request_of(admin), request_of(member(ADMINISTRATOR))
    for model, page in site.site._registry.items():
        for verb in ("view", "add", "change", "delete"):
            asked = getattr(page, f"has_{verb}_permission")
            assert asked(staff) == asked(boss), (label(model), verb)


def test_the_docs_have_the_tables() -> None:
    docs = (PROJECT / "docs" / "ROLES.md").read_text(encoding="utf-8")
    for table in (role_table.grants(), role_table.permissions(), role_table.doors()):
        assert table in docs, f"Put this table into docs/ROLES.md:\n{table}"
