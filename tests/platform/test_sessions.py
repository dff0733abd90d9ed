"""A cookie that is no key of ours is no session, on every page."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

pytestmark = pytest.mark.django_db

WRONG = ['"\\000aaaa"', "aaaaaaaa%00", "'; DROP TABLE", "\u00e4" * 32, "A" * 5000, '"\\015\\012aaaaaaaa"']


@pytest.mark.parametrize("cookie", WRONG)
@pytest.mark.parametrize("path", ["/", "/people", "/admin/login/", "/admin/", "/api/v1/items", "/api/docs/", "/ping"])
def test_a_wrong_session_cookie_is_no_session(path: str, cookie: str) -> None:
    client = Client(raise_request_exception=False, headers={"Cookie": f"sessionid={cookie}; csrftoken={cookie}"})
    assert client.get(path).status_code in {200, 302, 401, 404}


def test_signing_in_still_makes_a_session() -> None:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root"))
    assert client.get("/admin/").status_code == 200
    assert client.session.session_key
