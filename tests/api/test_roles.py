"""Each role passes exactly those routes whose permission its table gives it, by session and by token."""

import json

import pytest
from django.test import Client

from recsite.gorse_permissions import GORSE_ACCESS
from recsite.permissions import API_ACCESS
from recsite.platform import staff_tokens
from recsite.roles import ADMINISTRATOR, ROLES, VIEWER
from tests.admin.staff import held, member
from tests.api.test_access import ENTRIES, REQUESTS, status
from tests.gorse.test_access import REQUESTS as GORSE_REQUESTS
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db
REFUSED = (401, 403)


def expected(role: str) -> dict[tuple[str, str], bool]:
    """Return which methods of which routes a role passes."""
    may = held(role)
    return {(route, method): API_ACCESS[route][method].permission in may for route, method in ENTRIES}


@pytest.mark.parametrize("role", ROLES)
def test_by_session(shop: Shop, role: str) -> None:
    client = member(role).client
    assert {entry: status(client, entry) not in REFUSED for entry in ENTRIES} == expected(role)


@pytest.mark.parametrize("role", ROLES)
def test_by_token(shop: Shop, client: Client, role: str) -> None:
    token = staff_tokens.begin(member(role).user).access
    assert {entry: status(client, entry, token=token) not in REFUSED for entry in ENTRIES} == expected(role)


@pytest.mark.parametrize("role", ROLES)
def test_as_a_client_of_gorse(shop: Shop, role: str) -> None:
    client, may = member(role).client, held(role)
    passed = {}
    for (route, method), (path, body) in sorted(GORSE_REQUESTS.items()):
        sent = "" if body is None else json.dumps(body)
        answer = client.generic(method, f"/gorse/api/{path}", sent, "application/json")
        passed[route, method] = answer.status_code not in REFUSED
    assert passed == {entry: GORSE_ACCESS[entry[0]][entry[1]].permission in may for entry in sorted(GORSE_REQUESTS)}


def test_the_viewer_changes_nothing_and_the_administrator_may_do_everything() -> None:
    writes = {(route, method) for route, method in ENTRIES if method != "GET"}
    # These read: what is asked for stands in their bodies.
    writes -= {("batch", "POST"), ("session", "POST"), ("experiment-assign", "POST")}
    assert [entry for entry in sorted(writes) if expected(VIEWER)[entry]] == []
    assert all(expected(ADMINISTRATOR).values())
    assert expected(VIEWER).keys() == REQUESTS.keys()
