"""What is exported can be imported: a database that was emptied and filled again is the same."""

import csv
import gzip
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from catalog import merging, opting_out
from catalog.models import EndUser, Item, MergedUser
from interactions import producers
from interactions.exporting import KINDS, lines
from interactions.marks import Mark
from interactions.models import Interaction, PersonEvent, Review
from recsite.platform.audit import SYSTEM
from recsite.platform.streaming import gzipped
from tests import factories

pytestmark = pytest.mark.django_db
NOON = factories.NOON
STATE = """
SELECT json_agg(row_to_json(one) ORDER BY one)::text FROM (
    SELECT 'user' AS kind, user_id, to_json(ARRAY[created_at, last_active, opted_out_at])::text AS a,
        preferences::text AS b, demographics::text AS c, (
            SELECT string_agg(merged.user_id, ' ' ORDER BY merged.user_id) FROM catalog_mergeduser AS merged
            WHERE into_id = enduser.id
        ) AS d
    FROM catalog_enduser AS enduser
    UNION ALL
    SELECT 'item', item_id, title || description || item_type || "group" || is_available, features::text,
        to_json(ARRAY[to_json(categories), to_json(tags)])::text,
        to_json(ARRAY[available_from, available_until, published_at, created_at, updated_at])::text
    FROM catalog_item
    UNION ALL
    SELECT 'event', event_id::text, item.item_id || enduser.user_id || kind.name || coalesce(value, 0) || mark,
        undated::text,
        context::text, occurred_at::text
    FROM interactions_interaction AS event JOIN interactions_interactiontype AS kind ON kind.id = event.type_id
    JOIN catalog_item AS item ON item.id = event.item_id JOIN catalog_enduser AS enduser ON enduser.id = event.user_id
    UNION ALL
    SELECT 'person event', event_id::text, kind.name, '', context::text, occurred_at::text
    FROM interactions_personevent AS event JOIN interactions_interactiontype AS kind ON kind.id = event.type_id
    UNION ALL
    SELECT 'review', event_id::text, title, text, value::text, occurred_at::text FROM interactions_review
) AS one
"""


def state() -> Any:
    with connection.cursor() as cursor:
        cursor.execute(STATE)
        return json.loads(cursor.fetchone()[0])


def empty() -> None:
    for model in (Interaction, PersonEvent, Review, MergedUser, EndUser, Item):
        model._default_manager.all()._raw_delete("default")


@pytest.fixture
def filled() -> None:
    """Everything that a row can be: odd texts, reviews, no item, no date, hidden items, other names, an opt-out."""
    odd = 'a "quoted" one;\r\n, é 日本'
    factories.item(
        "emma",
        description=odd,
        tags=["classic", "a, b; c"],
        features={"creator": "Jane Austen", "year": 1815, "pages": [1, {"x": None}]},
        item_type="book",
        group="emmas",
        published_at=datetime(1815, 12, 23, tzinfo=UTC),
        created_at=NOON,
        available_from=NOON,
        available_until=NOON + timedelta(days=9999),
    )
    factories.item("x/y", title=odd.replace("\r\n", " "), is_available=False, created_at=NOON)
    for who in ("ada", "ben", "zoë / 1"):
        factories.person(
            who, created_at=NOON - timedelta(days=30), preferences={"tags": [odd]}, demographics={"age": 3}
        )
    events = [
        factories.event("ada", "emma", "rating", 4, review={"title": odd, "text": odd}, context={"a": {"b": odd}}),
        factories.event("ben", "x/y", "purchase", 12.25, at=NOON + timedelta(microseconds=123_457)),
        factories.event("ben", "x/y", "purchase", 12.25, at=NOON + timedelta(microseconds=123_457)),
        factories.event("zoë / 1", "emma", "view", undated=True),
        factories.event("ada", "", "login", at=NOON + timedelta(minutes=7), context={"from": "web"}),
        factories.event("visitor", "emma", "view", at=datetime(2019, 1, 1, tzinfo=UTC)),
    ]
    producers.produce(events)
    Interaction.objects.filter(user__user_id="ada").update(mark=Mark.TOO_FAST)
    merging.merge("visitor", "ada", actor=SYSTEM)
    opting_out.opt_out("ben", actor=SYSTEM)
    Item.objects.update(updated_at=NOON + timedelta(days=1))


@pytest.mark.parametrize("format_", ["jsonl", "csv"])
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_exported_is_imported_as_it_was(filled: None, tmp_path: Path, format_: str, packed: bool) -> None:
    before, folder = state(), tmp_path / "all"
    call_command("export", str(folder), format=format_, gzip=packed, stdout=StringIO())
    assert len(list(folder.glob("*.gz" if packed else f"*.{format_}"))) == 3
    empty()
    said = StringIO()
    for resume in (False, True):
        call_command("import_data", str(folder), format=format_, no_resume=resume, stdout=said)
        assert state() == before
    assert "rejected" not in said.getvalue()
    assert "nothing uses" not in said.getvalue()


def test_an_item_that_an_import_changes_changed_now(tmp_path: Path) -> None:
    row = {"item_id": "emma", "title": "Emma", "updated_at": NOON.isoformat()}
    later = {"item_id": "x", "title": "X", "updated_at": (datetime.now(UTC) + timedelta(days=9)).isoformat()}
    for title in ("Emma", "Emma, a novel"):
        lines_ = [json.dumps(one) for one in ({**row, "title": title}, later)]
        (tmp_path / "items.jsonl").write_text("\n".join(lines_))
        call_command("import_data", str(tmp_path), format="jsonl", no_resume=True, stdout=StringIO())
        changed = Item.objects.get(item_id="emma").updated_at
        assert (changed == NOON) == (title == "Emma")
        assert changed <= datetime.now(UTC)
        assert Item.objects.get(item_id="x").updated_at <= datetime.now(UTC)


def test_a_stream_goes_on_behind_any_row(filled: None) -> None:
    for kind in KINDS.values():
        whole = list(kind.rows())
        assert len(whole) == {"users": 3, "items": 2, "interactions": 6}[kind.name]
        for position, row in enumerate(whole):
            rest = list(kind.rows(after=str(row[kind.columns.index(kind.key)])))
            assert rest == whole[position + 1 :]


def test_pages_make_no_difference(filled: None) -> None:
    for kind in KINDS.values():
        assert list(kind.rows(page=1)) == list(kind.rows(page=2)) == list(kind.rows())


def test_since_leaves_out_what_was_there_before(filled: None) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    assert [list(kind.rows(since=later)) for kind in KINDS.values()] == [[], [], []]
    Interaction.objects.filter(user__user_id="ben").update(received_at=later)
    assert len(list(KINDS["interactions"].rows(since=later))) == 2


def test_a_row_whose_item_is_gone_hides_no_other(filled: None) -> None:
    Interaction.objects.order_by("pk")[0]
    Interaction.objects.filter(user__user_id="ben").update(item_id=999_999)
    assert len(list(KINDS["interactions"].rows(page=1))) == 4


def test_csv_has_one_header_and_goes_on_without(filled: None, tmp_path: Path) -> None:
    said = StringIO()
    call_command("export", str(tmp_path), format="csv", only=["items"], stdout=said)
    assert said.getvalue().startswith(f"{Item.objects.count():,} items are in ")
    rows = list(csv.DictReader((tmp_path / "items.csv").open(newline="")))
    assert [row["item_id"] for row in rows] == ["emma", "x/y"]
    kind = KINDS["items"]
    assert b"item_id" not in b"".join(lines(kind, "csv", kind.rows(after="emma"), has_header=False))


def test_a_broken_export_is_gone_on_with_by_the_command(filled: None, tmp_path: Path) -> None:
    call_command("export", str(tmp_path), only=["items"], gzip=True, stdout=StringIO())
    whole = gzip.decompress((tmp_path / "items.jsonl.gz").read_bytes())
    first = whole.splitlines(keepends=True)[0]
    (tmp_path / "items.jsonl.gz").write_bytes(b"".join(gzipped([first])))
    call_command("export", str(tmp_path), only=["items"], gzip=True, after="emma", stdout=StringIO())
    assert gzip.decompress((tmp_path / "items.jsonl.gz").read_bytes()) == whole


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"after": "emma"}, "--after goes on with one kind of rows: name it with --only."),
        ({"after": "nowhere", "only": ["items"]}, "There is no row 'nowhere' among the items."),
        ({"after": "no-uuid", "only": ["interactions"]}, "There is no row 'no-uuid' among the interactions."),
        ({"since": "yesterday"}, "--since: A time is needed"),
    ],
)
def test_the_command_refuses_what_it_can_not_do(filled: None, tmp_path: Path, given: Any, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("export", str(tmp_path), stdout=StringIO(), **given)


def test_lines_with_wrong_fields_are_rejected_alone(tmp_path: Path) -> None:
    factories.item("emma")
    good = {"user_id": "ada", "item_id": "emma", "type": "view", "occurred_at": "2026-05-01T12:00:00Z"}
    wrong: list[dict[str, Any]] = [
        {**good, "event_id": "x"},
        {**good, "undated": "perhaps"},
        {**good, "review": {"text": "I laughed."}},
        {**good, "item_id": ""},
        {**good, "type": "login"},
        {**good, "type": "purchase", "item_id": None},
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, [*wrong, good])))
    rejected = tmp_path / "rejected.csv"
    call_command("import_data", str(path), format="jsonl", rejected=rejected, stdout=StringIO())
    reasons = [row["reason"] for row in csv.DictReader(rejected.open())]
    assert sorted(reasons) == sorted(
        [
            "event_id 'x' is no UUID",
            "undated 'perhaps' is neither true nor false",
            "a view carries no review",
            "item_id is empty",
            "a login is about no item",
            "item_id is empty",
        ]
    )
    assert Interaction.objects.count() == 1
