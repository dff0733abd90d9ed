import threading
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from interactions.models import Interaction
from interactions.partitions import EVENTS
from interactions.store import store
from recsite.platform import months, partitions
from recsite.platform.exceptions import AlreadyRunning
from recsite.platform.months import Inventory, Month, Plan
from recsite.platform.tasks import keep_partitions
from tests import factories

pytestmark = pytest.mark.django_db

MAY_1999 = Month(1999, 5)
FIRST = datetime(1999, 5, 1, tzinfo=UTC)
LAST = datetime(1999, 5, 31, 23, 59, 59, 999_999, tzinfo=UTC)
"""The first and the last moment of that month."""


def rows_in(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def store_at(*moments: datetime) -> None:
    item = factories.item()
    store([factories.event("ada", item, at=moment) for moment in moments])


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("partitions", *arguments, stdout=out)
    return out.getvalue()


def test_the_migration_brings_the_coming_months_and_a_default() -> None:
    now = timezone.now()
    assert EVENTS.months_ahead(now) >= 3
    assert Month.of(now) in EVENTS.find().attached
    assert EVENTS.default in {size.name for size in EVENTS.sizes()}


def test_months_ahead_stop_at_the_first_gap() -> None:
    now = timezone.now()
    current = Month.of(now)
    EVENTS.ensure_months([current.plus(5)])
    EVENTS.apply(Plan(detach=(current.plus(2),)))
    assert EVENTS.months_ahead(now) == 1


def test_a_month_is_made_from_its_first_to_its_last_moment() -> None:
    assert EVENTS.ensure_months([MAY_1999]) == Plan(create=(MAY_1999,))
    store_at(FIRST - timedelta(microseconds=1), FIRST, LAST, LAST + timedelta(microseconds=1))
    assert (rows_in(EVENTS.partition(MAY_1999)), rows_in(EVENTS.default)) == (2, 2)


def test_making_a_month_takes_its_rows_out_of_default_and_leaves_the_others() -> None:
    store_at(FIRST, LAST, LAST + timedelta(days=1))
    before = list(Interaction.objects.order_by("id").values())
    due = EVENTS.ensure_months([MAY_1999])
    assert due.move == (MAY_1999,)
    assert (rows_in(EVENTS.partition(MAY_1999)), rows_in(EVENTS.default)) == (2, 1)
    assert list(Interaction.objects.order_by("id").values()) == before


def test_upkeep_empties_default() -> None:
    store_at(FIRST, datetime(2003, 1, 1, tzinfo=UTC))
    EVENTS.keep(timezone.now())
    assert rows_in(EVENTS.default) == 0
    assert {MAY_1999, Month(2003, 1)} <= EVENTS.find().attached


def test_the_scheduled_task_does_the_upkeep() -> None:
    EVENTS.apply(Plan(detach=(Month.of(timezone.now()).plus(2),)))
    keep_partitions()
    assert EVENTS.months_ahead(timezone.now()) >= 3


def test_upkeep_a_second_time_has_nothing_to_do() -> None:
    EVENTS.keep(timezone.now())
    assert not EVENTS.keep(timezone.now())


def test_upkeep_follows_the_settings(settings: Settings) -> None:
    settings.PARTITION_MONTHS_AHEAD, settings.INTERACTION_RETENTION_MONTHS = 6, 12
    EVENTS.ensure_months([MAY_1999])
    EVENTS.keep(timezone.now())
    assert EVENTS.months_ahead(timezone.now()) == 6
    assert MAY_1999 in EVENTS.find().detached


def test_a_detached_month_is_out_of_sight_and_comes_back_with_its_rows() -> None:
    EVENTS.ensure_months([MAY_1999])
    store_at(FIRST)
    EVENTS.apply(Plan(detach=(MAY_1999,)))
    assert (Interaction.objects.count(), rows_in(EVENTS.partition(MAY_1999))) == (0, 1)
    store_at(LAST)
    assert EVENTS.ensure_months([MAY_1999]) == Plan(attach=(MAY_1999,), move=(MAY_1999,))
    assert Interaction.objects.count() == 2


def test_a_dropped_month_is_gone() -> None:
    EVENTS.ensure_months([MAY_1999])
    EVENTS.apply(Plan(detach=(MAY_1999,), drop=(MAY_1999,)))
    found = EVENTS.find()
    assert MAY_1999 not in found.attached | found.detached


def test_a_plan_that_somebody_else_has_carried_out_does_nothing() -> None:
    due = months.plan_months(EVENTS.find(), [MAY_1999])
    assert EVENTS.apply(due)
    assert not EVENTS.apply(due)
    assert not EVENTS.apply(Plan(drop=(Month(1980, 1),), detach=(Month(1980, 1),)))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_at_once_make_a_month_once() -> None:
    made: list[Plan] = []

    def work() -> None:
        try:
            made.append(EVENTS.apply(Plan(create=(MAY_1999,))))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(plan.create) for plan in made) == [0, 0, 0, 1]
    EVENTS.apply(Plan(detach=(MAY_1999,), drop=(MAY_1999,)))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_table_in_long_use_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "LOCK_TIMEOUT", "20ms")
    monkeypatch.setattr(partitions, "PAUSE_SECS", 0.0)
    refused: list[AlreadyRunning] = []

    def work() -> None:
        try:
            EVENTS.ensure_months([MAY_1999])
        except AlreadyRunning as error:
            refused.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        assert not Interaction.objects.exists()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert "no partition was changed" in str(refused[0])
    assert MAY_1999 not in EVENTS.find().attached


def test_the_command_shows_what_is_and_does_what_is_due() -> None:
    store_at(FIRST)
    out = run()
    assert "interactions_interaction_default   default" in out
    assert "Done:\n  create interactions_interaction_y1999m05 and move its rows out of DEFAULT" in out
    assert "Done" not in run()


def test_a_dry_run_only_says_what_it_would_do() -> None:
    before = EVENTS.find()
    out = run("--dry-run", "--months-ahead", "6")
    assert "Would do:\n  create interactions_interaction_y" in out
    assert EVENTS.find() == before


def test_the_command_detaches_and_drops_on_request() -> None:
    EVENTS.ensure_months([MAY_1999])
    assert "detach interactions_interaction_y1999m05" in run("--of", "events", "--retention-months", "12")
    assert "drop interactions_interaction_y1999m05 with its rows" in run(
        "--of", "events", "--retention-months", "12", "--drop"
    )
    assert MAY_1999 not in EVENTS.find().detached


@pytest.mark.parametrize(
    "arguments", [["--months-ahead", "x"], ["--months-ahead", "-1"], ["--drop"], ["--retention-months", "12"]]
)
def test_the_command_refuses_what_makes_no_sense(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)


def test_nothing_is_found_where_nothing_is() -> None:
    assert not months.plan_months(Inventory(), [])


def test_the_command_attaches_a_detached_month_again(settings: Settings) -> None:
    EVENTS.ensure_months([MAY_1999])
    store_at(FIRST)
    EVENTS.apply(Plan(detach=(MAY_1999,)))
    attach = ("--of", "events", "--attach", "1999-05")
    assert "Would do:\n  attach interactions_interaction_y1999m05 again" in run("--dry-run", *attach)
    assert not Interaction.objects.exists()
    assert "Done:\n  attach interactions_interaction_y1999m05 again" in run(*attach)
    assert Interaction.objects.count() == 1
    with pytest.raises(CommandError, match=r"1999-05 is no detached month of the events\. Detached: none\."):
        run(*attach)
    EVENTS.apply(Plan(detach=(MAY_1999,)))
    settings.INTERACTION_RETENTION_MONTHS = 12
    assert "past INTERACTION_RETENTION_MONTHS: upkeep detaches it again" in run(*attach)


def test_the_former_name_of_a_table_works_with_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    assert "recommender_servedlist" in run("--of", "served-lists", "--dry-run")
    assert "--of served-lists is called list-impressions now; the former name still works." in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--attach", "1999-05"], ["--of", "events", "--attach", "May"]])
def test_a_month_to_attach_is_named_with_its_table(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)


def test_an_alarm_says_that_too_few_months_are_ahead(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert partitions.alarms() == []
    EVENTS.apply(Plan(detach=(Month.of(timezone.now()).plus(2),)))
    sentence = "Only 1 of the coming months are ready for events: run 'manage.py partitions'."
    assert partitions.alarms() == [sentence]
    assert client.get("/health").json()["parts"]["partitions"]["message"] == sentence
    assert 'partition_months_ahead{table="interactions_interaction"} 1.0' in client.get("/metrics").content.decode()
    monkeypatch.setattr(partitions.Partitioned, "keep", lambda _self, _now: Plan())
    keep_partitions()
    assert sentence in caplog.text
