"""Lists are counted by the minute: who answered, from where, how long it took; over all processes of a web server."""

from pathlib import Path

import pytest

from recommender import serving
from recommender.serving import Request
from recsite.platform import series
from recsite.platform.series import ANSWERS, REQUESTS, noting
from tests.platform.test_series_noting import LEAN, errors, noted
from tests.recommender.fixtures import Shop, ask
from tests.web import web_server

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_an_answer_counts_by_placement_and_algorithm_with_hits_and_times(shop: Shop) -> None:
    ask("ada")
    ask("ada")
    serving.similar(Request(items=["novel-0"]))
    noting.flush()
    found = series.read_span(ANSWERS, "1h", "algorithm").now
    # The third list is of similar items, and comes from no cache.
    assert {name: (one.total.count, one.total.hits) for name, one in found.items()} == {"svd": (3, 1)}
    assert all(one.total.p95 for one in found.values())
    assert noted(ANSWERS, "placement") == {"default": 3}


def test_what_staff_look_up_and_a_wrong_question_count_nowhere(shop: Shop) -> None:
    ask("ada", is_shown=False)
    with pytest.raises(Exception, match="no algorithm"):
        ask("ada", algorithm="nothing")
    assert noted(ANSWERS, "placement") == {}


def test_a_list_that_could_not_be_made_counts_as_failed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.serving.user_lists._page", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ask("ada")
    assert errors(ANSWERS, "placement") == {"default": 1}
    assert noted(ANSWERS, "placement") == {"default": 0}


def test_a_web_server_s_processes_add_up_and_store_what_is_left_when_they_end(shop: Shop, tmp_path: Path) -> None:
    with web_server(tmp_path, API_AUTH_REQUIRED="false", API_WORKERS="2") as server:
        for number in range(12):
            assert server.get(LEAN)[0] == 200
            assert server.get("/admin/login/")[0] == 200
            if number % 4 == 0:
                assert server.get("/api/mistake")[0] == 500
        assert server.get("/ping")[0] == 200
    found = series.read_span(REQUESTS, "1h", "door").now
    told = {door: (one.total.count, one.total.errors) for door, one in found.items()}
    assert told == {"api lists": (12, 0), "admin": (12, 0), "api other": (3, 3)}
