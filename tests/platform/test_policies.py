"""Each page is sent with the strictest policy that it bears; what browsers say of it is in tests/browser/."""

import re

import pytest
from django.test import Client
from pytest_django import Settings
from unfold.settings import get_config
from unfold.utils import convert_color

from recsite.local.paths import PROJECT

pytestmark = pytest.mark.django_db
STRICT = {
    "default-src": {"'self'"},
    "script-src": {"'self'"},
    "style-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "object-src": {"'none'"},
    "base-uri": {"'self'"},
    "form-action": {"'self'"},
    "frame-ancestors": {"'none'"},
}


def policy(client: Client, path: str) -> dict[str, set[str]]:
    header = client.get(path).headers["Content-Security-Policy"]
    parts = (directive.split() for directive in header.split("; "))
    return {name: set(values) for name, *values in parts}


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/docs/", "/api/v1/items", "/ping", "/%ff"])
def test_shop_api_and_what_is_refused_have_the_strict_policy(client: Client, path: str) -> None:
    assert policy(client, path) == STRICT


def test_the_admin_may_evaluate_and_has_no_scripts_and_styles_in_its_pages(client: Client) -> None:
    more = {"script-src": {"'self'", "'unsafe-eval'"}, "style-src-attr": {"'unsafe-inline'"}}
    assert policy(client, "/admin/login/") == STRICT | more
    html = client.get("/admin/login/").text
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)", html)


def test_redoc_may_have_the_styles_that_it_is_known_to_have(client: Client) -> None:
    found = policy(client, "/api/redoc/")
    assert {name for name in found if found[name] != STRICT.get(name)} == {"style-src", "worker-src"}
    assert all(source == "'self'" or source.startswith("'sha256-") for source in found["style-src"])


def test_who_signs_in_by_single_sign_on_may_be_sent_to_the_provider(client: Client, settings: Settings) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9000/realms/shop"
    assert policy(client, "/admin/login/")["form-action"] == {"'self'", "https:", "http://127.0.0.1:9000"}
    assert policy(client, "/")["form-action"] == {"'self'"}


def test_the_file_of_colours_has_those_of_the_theme() -> None:
    told = dict(re.findall(r"--color-([\w-]+): (.+);", (PROJECT / "templates/static/admin/colors.css").read_text()))
    colours = get_config()["COLORS"].items()
    assert told == {f"{name}-{weight}": convert_color(one) for name, its in colours for weight, one in its.items()}
