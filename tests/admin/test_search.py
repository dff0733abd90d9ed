"""The search on top of every page: exact ids first, a few of each kind, nothing that somebody may not see."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import EndUser
from recsite.platform import jobs
from tests import factories
from tests.admin.staff import Staff
from tests.outages import no_postgres, stoppable_redis
from tests.recommender.fixtures import Shop

SEARCH = "/admin/search/"


def found(staff: Staff, text: str) -> list[tuple[str, str]]:
    answer: Any = staff.get(SEARCH, s=text)
    assert answer.status_code == 200
    return [(one.title, one.link) for one in answer.context["results"]]


def titles(staff: Staff, text: str) -> list[str]:
    return [title for title, _ in found(staff, text)]


def test_a_person_is_found_by_the_beginning_of_the_id_the_exact_one_first(viewer: Staff) -> None:
    for name in ("reader-1000", "reader-1", *(f"reader-1{number}" for number in range(1, 9))):
        factories.person(name)
    assert titles(viewer, "reader-1") == ["reader-1", "reader-1000", "reader-11", "reader-12", "reader-13"]
    person = factories.person("zoe")
    assert found(viewer, "zoe") == [("zoe", f"/admin/people/{person.pk}/")]


def test_an_item_is_found_by_its_id_and_by_words_of_its_title(viewer: Staff) -> None:
    emma = factories.item("b-17", title="Emma")
    other = factories.item("other", title="The life of b-17, a bomber")
    assert found(viewer, "b-17") == [("Emma", f"/admin/items/{emma.pk}/"), (other.title, f"/admin/items/{other.pk}/")]
    assert titles(viewer, "bomb life") == [other.title]


@pytest.mark.parametrize("text", ["{pk}", "release {pk}", "Release #{pk}", " release{pk} "])
def test_a_release_is_found_by_its_number(viewer: Staff, shop: Shop, text: str) -> None:
    link = f"/admin/recommender/release/{shop.release.pk}/change/"
    assert link in [link for _, link in found(viewer, text.format(pk=shop.release.pk))]


def test_a_job_is_found_by_its_number_and_by_words_of_its_title(viewer: Staff) -> None:
    first = jobs.create("train", "Train and promote")
    jobs.create("reload", "Reload the live release")
    assert found(viewer, f"job {first.pk}") == [("Train and promote", f"/admin/platform/job/{first.pk}/change/")]
    assert "Reload the live release" in titles(viewer, "the live")


def test_a_page_is_found_by_any_of_its_words_the_exact_name_first(viewer: Staff) -> None:
    assert found(viewer, "dead") == [("Dead letters", "/admin/dead-letters/")]
    assert titles(viewer, "EVENTS")[0] == "Events"
    assert titles(viewer, "drift") == ["Drift", "Drift reports"]


@pytest.mark.parametrize("text", ["", "   ", "\x00", "%", "'", "9" * 30, "a" * 5000, "release", "²", "٣"])
def test_no_text_breaks_it(viewer: Staff, text: str) -> None:
    assert viewer.get(SEARCH, s=text).status_code == 200


def test_where_nothing_is_found_a_sentence_says_what_can_be(viewer: Staff) -> None:
    page = viewer.page(SEARCH, s="qwertz")
    assert "Nothing fits “qwertz”. Users are found by the beginning of their id" in page


def test_nobody_finds_what_they_may_not_see(shop: Shop) -> None:
    factories.item("events-of-old", title="Events of old")
    factories.person("events-reader")
    jobs.create("train", "Count events")
    clerk = Staff("clerk", "catalog.view_item")
    assert titles(clerk, "events") == ["Events of old"]
    nobody = Staff("nobody")
    assert titles(nobody, "events") == []
    assert titles(nobody, str(shop.release.pk)) == []


def test_it_is_for_staff(client: Any) -> None:
    assert client.get(SEARCH, {"s": "a"}).status_code == 302


def test_no_table_is_counted_or_read_from_its_start(viewer: Staff, shop: Shop) -> None:
    with CaptureQueriesContext(connection) as captured:
        viewer.get(SEARCH, s="novel")
    asked = [query["sql"] for query in captured if "catalog_" in query["sql"] or "platform_job" in query["sql"]]
    assert asked
    assert [sql for sql in asked if "COUNT(*)" in sql] == []
    assert [sql for sql in asked if "LIKE '%" in sql or "ILIKE" in sql.upper()] == []


def test_the_beginning_of_an_id_is_found_by_an_index(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = EndUser.objects.filter(user_id__startswith="a").order_by()[:100].explain()
    assert "Index Cond" in plan
    assert "~>=~ 'a'" in plan


def test_without_redis_it_finds_the_same(viewer: Staff, shop: Shop, settings: Any, tmp_path: Any) -> None:
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        assert titles(viewer, "ada") == ["ada"]


def test_without_the_database_it_says_so(viewer: Staff) -> None:
    with no_postgres():
        answer = viewer.get(SEARCH, s="ada")
    assert answer.status_code in (200, 503)
    assert "Traceback" not in answer.content.decode()
