"""Each process says which release it has loaded: "in force everywhere since" is what they said."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from recommender import registry
from recommender.serving import processes
from recommender.serving.candidates import loaded_release
from recsite.platform import redis
from tests.admin.staff import RELEASES, Staff
from tests.outages import wait_until
from tests.recommender.fixtures import Shop, open_shop, popular, publish
from tests.web import Web, web_server


def say(name: str, release: int | None, fault: str = "") -> None:
    told = {"kind": "web", "release": release, "since": "2026-05-01T12:00:00+00:00", "fault": fault}
    redis.roundtrip(("SET", f"loaded-by:{name}", json.dumps(told), "EX", 15), ("SADD", "loaded-by", name))


@pytest.mark.django_db
class TestOneProcess:
    def test_it_says_what_it_has_loaded_and_again_when_that_changes(self, shop: Shop) -> None:
        assert "No process has said" in str(processes.in_force(shop.release.pk))
        processes.report("web")
        (mine,) = processes.everyone()
        assert (mine.kind, mine.release, mine.fault) == ("web", shop.release.pk, "")
        before = processes.in_force(shop.release.pk).since
        assert before == mine.since
        processes.report("web")
        assert processes.in_force(shop.release.pk).since == before
        other = publish({"popular": popular(shop.items)})
        # As if the number of the new generation had come.
        loaded_release.forget()
        # The time between two beats is not waited for.
        processes.report("web")
        assert processes.in_force(other.pk).since is not None
        assert processes.in_force(other.pk).since != before

    def test_what_it_said_expires(self, shop: Shop) -> None:
        processes.report("web")
        ((name,),) = redis.roundtrip(("SMEMBERS", "loaded-by"))
        ((ttl),) = redis.roundtrip(("TTL", f"loaded-by:{name.decode()}"))
        assert 0 < ttl <= processes.SILENCE_SECS
        redis.roundtrip(("DEL", f"loaded-by:{name.decode()}"))
        assert processes.everyone() == []
        assert redis.roundtrip(("SMEMBERS", "loaded-by")) == [set()] or redis.roundtrip(("SCARD", "loaded-by")) == [0]

    def test_who_is_behind_is_named_with_the_reason(self, shop: Shop) -> None:
        say("web-1:7", shop.release.pk)
        say("web-2:9", 41, "svd 4 is damaged.")
        found = processes.in_force(shop.release.pk)
        assert found.since is None
        assert str(found) == (
            "Not in force yet in 1 of 2 processes: web-2:9 (web) serves release 41. svd 4 is damaged."
        )
        say("web-2:9", shop.release.pk)
        found = processes.in_force(shop.release.pk)
        assert str(found) == "In force in all 2 processes since 2026-05-01 12:00:00 UTC."
        out = StringIO()
        call_command("models", "list", stdout=out)
        assert f"{shop.release}: {found}" in out.getvalue()
        page = Staff("viewer", "recommender.view_release").page(f"{RELEASES}{shop.release.pk}/change/")
        assert str(found) in page


@pytest.fixture
def web(transactional_db: None, model_folders: None, tmp_path: Path) -> Iterator[tuple[Web, Shop]]:
    shop = open_shop()
    with web_server(tmp_path, API_WORKERS="2", API_AUTH_REQUIRED="false") as server:
        yield server, shop


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_every_gunicorn_process_says_so_before_its_first_request_and_after_a_promotion(web: tuple[Web, Shop]) -> None:
    server, shop = web
    wait_until(lambda: len(processes.everyone()) == 2)
    told = json.loads(server.get("/api/v1/models/live")[1])
    assert told["release"] == shop.release.pk
    assert {one["kind"] for one in told["processes"]} == {"web"}
    wait_until(lambda: processes.in_force(shop.release.pk).since is not None)
    candidate = publish({"popular": popular(shop.items)}, promote=False)
    registry.promote(candidate)
    wait_until(lambda: processes.in_force(candidate.pk).since is not None)
    registry.rollback()
    wait_until(lambda: processes.in_force(shop.release.pk).since is not None)
