"""Events of programs and staff are kept and shown, and left out of what models learn and figures add up."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.db import connection

from catalog.importers.registry import open_format
from interactions import producers
from interactions.importing import load
from interactions.marks import Mark
from interactions.models import Interaction
from interactions.partitions import EVENTS
from recsite.platform.months import Month, Plan
from tests import factories
from tests.api.clients import ApiClient

BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
CRAWLED = {"user_agent": BOT}


def mark_of(context: dict[str, Any], together: int = 0) -> int:
    """The mark of an event that is sent alone, or with others."""
    event = factories.event("ada", "emma", context=context)
    producers.produce([event, *(factories.event("ben", "emma") for _ in range(together))])
    return Interaction.objects.get(event_id=event.event_id).mark


@pytest.mark.django_db
@pytest.mark.parametrize("together", [0, 1, 120])
@pytest.mark.parametrize(
    ("context", "mark"),
    [
        ({}, Mark.NONE),
        ({"source": "web", "user_agent": BROWSER, "ip": "203.0.113.7"}, Mark.NONE),
        ({"user_agent": BOT}, Mark.CRAWLER),
        ({"user_agent": "curl/8.5.0"}, Mark.CRAWLER),
        ({"is_bot": True}, Mark.FLAGGED),
        ({"is_bot": "perhaps", "is_staff": 1, "user_agent": 5, "ip": ["x"]}, Mark.NONE),
        ({"is_staff": True}, Mark.STAFF),
        ({"ip": "198.51.100.77"}, Mark.STAFF),
        ({"ip": " 2001:db8::1 "}, Mark.STAFF),
        ({"ip": "no address"}, Mark.NONE),
    ],
)
def test_the_context_decides(settings: Any, context: dict[str, Any], mark: int, together: int) -> None:
    settings.STAFF_ADDRESSES = [ip_network("198.51.100.0/24"), ip_network("2001:db8::/64")]
    factories.ada(), factories.item("emma")
    assert mark_of(context, together) == mark


@pytest.mark.django_db
def test_an_import_marks_as_the_api_does(tmp_path: Any) -> None:
    factories.item("emma")
    row = '{"user_id": "ada", "item_id": "emma", "type": "view", "context": {"is_bot": true}}\n'
    path = tmp_path / "events.jsonl"
    path.write_text(row)
    load(open_format("jsonl", path), tmp_path / "rejected.csv")
    assert Interaction.objects.get().mark == Mark.FLAGGED


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_month_that_was_detached_comes_back_with_the_column(api: ApiClient) -> None:
    month = Month(1999, 5)
    EVENTS.ensure_months([month])
    EVENTS.apply(Plan(detach=(month,)))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(mark) FROM {EVENTS.partition(month)}")
    EVENTS.apply(Plan(attach=(month,)))
    EVENTS.apply(Plan(detach=(month,), drop=(month,)))
