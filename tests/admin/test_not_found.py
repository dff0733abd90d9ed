"""An address of the admin that leads nowhere says so in the admin, in plain words."""

import pytest
from django.test import Client

from tests.admin.staff import Staff, words

PLAIN = "This page doesn't exist, or what it showed was deleted. Check the address."


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/admin/nowhere/", PLAIN),
        ("/admin/people/999999/", "There is no such user: they were erased, or merged into another one."),
        ("/admin/items/999999/", "There is no such item: it was deleted."),
    ],
)
def test_a_missing_page_is_a_page_of_the_admin(admin: Staff, path: str, sentence: str) -> None:
    answer = admin.get(path)
    assert answer.status_code == 404
    said = words(answer)
    assert sentence in said
    assert "Back to the overview" in said
    assert "Dead letters" in said, "The menu is missing."
    assert "matches the given query" not in said


def test_a_refusal_is_a_page_of_the_admin() -> None:
    answer = Staff("nobody").get("/admin/catalog/item/")
    assert answer.status_code == 403
    assert "Back to the overview" in words(answer)


def test_elsewhere_the_words_are_plain_too(client: Client, db: None) -> None:
    answer = client.get("/covers/999999.svg")
    assert answer.status_code == 404
    assert "matches the given query" not in answer.content.decode()
