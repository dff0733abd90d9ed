"""Bytes in an address that are no text are refused, since Django would make other characters of them."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
NO_TEXT = "The address holds bytes that are no UTF-8, such as %FF."


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/recommendations/users/%ff",
        "/api/v1/items/a%c3",
        "/api/v1/recommendations/popular?tags=%ff",
        "/?q=%ed%a0%80",
    ],
)
def test_what_is_no_utf_8_is_refused_everywhere(client: Client, path: str) -> None:
    address, _, query = path.partition("?")
    answer = client.get(address, QUERY_STRING=query, RAW_URI=path)
    assert answer.status_code == 400
    assert NO_TEXT in answer.content.decode()


def test_without_gunicorn_parameters_are_judged(client: Client) -> None:
    assert client.get("/", QUERY_STRING="category=%ff").status_code == 400


def test_text_beyond_ascii_is_read(client: Client) -> None:
    assert client.get("/items/Zo%C3%AB", RAW_URI="/items/Zo%C3%AB").status_code == 404
    assert client.get("/", QUERY_STRING="category=%C3%A9", RAW_URI="/?category=%C3%A9").status_code == 200
