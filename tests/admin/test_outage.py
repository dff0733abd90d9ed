"""PostgreSQL gone: a page that says so, never a traceback."""

import pytest

from tests.admin.staff import ITEMS, PEOPLE, VERSIONS, Staff, words
from tests.outages import no_postgres
from tests.recommender.fixtures import Shop


@pytest.mark.parametrize("path", ["/admin/", VERSIONS, PEOPLE, ITEMS, "/admin/people/{ada}/", "/admin/items/{novel}/"])
def test_without_the_database_a_page_says_so(admin: Staff, shop: Shop, path: str) -> None:
    address = path.format(ada=shop.ada.pk, novel=shop.novels[0].pk)
    with no_postgres():
        answer = admin.get(address)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "gone for the moment. Try again in some seconds." in words(answer)
    assert "Traceback" not in words(answer)


def test_nothing_is_started_without_the_database(admin: Staff, shop: Shop) -> None:
    with no_postgres():
        answer = admin.act(f"{VERSIONS}train/")
    assert answer.status_code == 503
