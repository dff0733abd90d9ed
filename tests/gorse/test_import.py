"""manage.py import_data --format gorse: the exports in JSON lines and the binary dump."""

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from catalog.importers.gorse_shapes import event_id
from catalog.models import EndUser, Item
from interactions.models import Interaction, InteractionType
from tests.catalog.files import write
from tests.gorse import dumps

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 1, 12, 0, 0, 250_000, UTC)
LONG_AGO = datetime(1815, 12, 23, tzinfo=UTC)
EMMA = {
    "ItemId": "emma",
    "IsHidden": False,
    "Categories": ["Novels"],
    "Timestamp": "1815-12-23T00:00:00Z",
    "Labels": {"genres": ["comedy"], "pages": 474},
    "Comment": "Emma",
}
HIDDEN = {"ItemId": "draft", "IsHidden": True, "Categories": None, "Timestamp": "", "Labels": ["a", "b"], "Comment": ""}
ADA = {"UserId": "ada", "Labels": {"country": "UK"}, "Comment": "the first"}
READ = {"FeedbackType": "read", "UserId": "ada", "ItemId": "emma", "Value": 3, "Timestamp": "2026-05-01T12:00:00.25Z"}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, settings: Settings) -> None:
    settings.STATE_DIR = tmp_path / "state"


def run(path: Path, *arguments: str) -> str:
    out = StringIO()
    call_command("import_data", str(path), "--format", "gorse", *arguments, stdout=out)
    return out.getvalue()


def lines(*records: Any) -> str:
    return "".join(one if isinstance(one, str) else json.dumps(one) + "\n" for one in records)


def exports(folder: Path, **records: list[Any]) -> Path:
    """A folder of exports; Emma is in it where no items are named."""
    folder.mkdir()
    return write(folder, {f"{kind}.jsonl": lines(*rows) for kind, rows in {"items": [EMMA], **records}.items()})


def the_dump() -> bytes:
    return dumps.dump(
        [dumps.user("ada", {"country": "UK"}, "the first")],
        [
            dumps.item("emma", LONG_AGO, EMMA["Labels"], comment="Emma", categories=["Novels"]),
            dumps.item("draft", datetime(1, 1, 1, tzinfo=UTC), ["a", "b"], hidden=True),
        ],
        [dumps.feedback("read", "ada", "emma", AT, 3.0)],
    )


def check_what_is_there() -> None:
    emma, draft = Item.objects.get(item_id="emma"), Item.objects.get(item_id="draft")
    assert (emma.title, emma.categories, emma.published_at) == ("Emma", ["Novels"], LONG_AGO)
    assert (emma.tags, emma.features) == (["comedy"], EMMA["Labels"])
    assert (draft.title, draft.is_available, draft.tags, draft.features) == ("draft", False, ["a", "b"], {})
    assert emma.is_available
    assert EndUser.objects.get(user_id="ada").demographics == {"country": "UK", "comment": "the first"}
    read = Interaction.objects.select_related("type").get()
    assert (read.type.name, read.value, read.occurred_at) == ("read", 3.0, AT)
    assert read.event_id == event_id("read", "ada", "emma")


def test_the_exports_of_the_dashboard(tmp_path: Path) -> None:
    path = exports(tmp_path / "export", users=[ADA], items=[EMMA, HIDDEN], feedback=[READ])
    assert "1 event stored" in run(path)
    check_what_is_there()


def test_ids_that_no_address_of_gorse_can_name_are_taken_and_told_of(tmp_path: Path) -> None:
    slashed = [{**EMMA, "ItemId": "austen/emma"}, EMMA]
    said = run(exports(tmp_path / "export", users=[{"UserId": "uk/ada"}], items=slashed, feedback=[READ]))
    assert "2 of the users and items have an id with a slash" in said
    assert Item.objects.filter(item_id="austen/emma").exists()
    assert "slash" not in run(exports(tmp_path / "plain", users=[ADA], items=[HIDDEN]))


@pytest.mark.parametrize("name", ["dump.bin", "dump.bin.gz"])
def test_the_binary_dump(tmp_path: Path, name: str) -> None:
    (tmp_path / "d").mkdir()
    run(write(tmp_path / "d", {name: the_dump()}) / name)
    check_what_is_there()


def test_a_dump_of_a_version_without_values(tmp_path: Path) -> None:
    whole = dumps.dump([], [dumps.item("emma", LONG_AGO)], [dumps.old_feedback("star", "ada", "emma", AT)])
    run(write(tmp_path, {"dump": whole}) / "dump")
    assert Interaction.objects.get().occurred_at == AT


def test_importing_twice_changes_nothing_and_a_later_export_corrects(tmp_path: Path) -> None:
    run(exports(tmp_path / "one", feedback=[READ]))
    again = run(exports(tmp_path / "two", feedback=[READ]), "--no-resume")
    assert "0 events stored, 0 changed, 1 known already" in again or "imported before" in again
    assert "0 events stored, 1 changed" in run(exports(tmp_path / "three", feedback=[{**READ, "Value": 4}]))
    assert Interaction.objects.get().value == 4


def test_new_types_speak_for_an_item_unless_the_settings_say_otherwise(tmp_path: Path) -> None:
    run(exports(tmp_path / "one", feedback=[{**READ, "FeedbackType": "star"}]))
    star = InteractionType.objects.get(name="star")
    assert (star.weight, star.is_negative, star.marks_seen, star.scale_min) == (1, False, True, None)


def test_the_settings_of_feedback_types_are_carried_over(tmp_path: Path) -> None:
    others = [{**READ, "FeedbackType": kind, "Value": value} for kind, value in (("hate", 1), ("seen", 1), ("read", 2))]
    path = exports(tmp_path / "one", feedback=[{**READ, "UserId": "ben"}, *others])
    run(
        path,
        "--positive-feedback-types=star,read>=3",
        "--read-feedback-types=read",
        "--negative-feedback-types=hate",
    )
    made: dict[str, Any] = {
        kind.name: (kind.weight, kind.is_negative, kind.marks_seen) for kind in InteractionType.objects.all()
    }
    assert made["read-at-least-3"] == (1, False, True)
    assert made["read"] == (0, False, True)
    assert made["hate"] == (1, True, True)
    assert made["seen"] == (0, False, False)
    assert "star" not in made
    stored = [(one.user.user_id, one.type.name) for one in Interaction.objects.select_related("user", "type")]
    assert set(stored) == {("ben", "read-at-least-3"), ("ada", "read"), ("ada", "hate"), ("ada", "seen")}


def test_a_dry_run_makes_no_types(tmp_path: Path) -> None:
    out = run(exports(tmp_path / "one", feedback=[{**READ, "FeedbackType": "star"}]), "--dry-run")
    assert "2 readable rows" in out
    assert not InteractionType.objects.filter(name="star").exists()


def test_bad_rows_are_rejected_with_the_reason(tmp_path: Path) -> None:
    bad = [
        {**READ, "UserId": ""},
        {**READ, "FeedbackType": "two words"},
        {**READ, "Timestamp": "soon"},
        {**READ, "Timestamp": "2999-01-01"},
        {**READ, "Value": "3"},
        {**READ, "FeedbackType": "rating", "Value": 9},
        "{\n",
        "[1]\n",
    ]
    rejected = tmp_path / "bad.csv"
    path = exports(tmp_path / "one", feedback=[READ, *bad], items=[EMMA, {**EMMA, "IsHidden": 1}])
    assert "9 lines rejected" in run(path, "--rejected", str(rejected))
    text = rejected.read_text()
    for reason in (
        "items.jsonl,2,IsHidden is neither true nor false",
        "feedback.jsonl,2,UserId is empty",
        "FeedbackType 'two words' is not made of",
        "'soon' is no date with a year, a month and a day",
        "lies before 1970 or in the future",
        "Value is not a number",
        "rating 9 lies outside 1 to 5",
        "the line is broken JSON",
        "the line is not a JSON object",
    ):
        assert reason in text, text


def test_a_damaged_message_costs_itself_and_a_dump_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    whole = dumps.dump(
        [], [dumps.item("emma", LONG_AGO)], [b"\x12\x7fbroken", dumps.feedback("read", "ada", "emma", AT)]
    )
    (tmp_path / "cut.bin").write_bytes(whole[: whole.index(dumps.END + b"{")])
    with pytest.raises(CommandError, match=r"breaks off or is damaged after number 2 of the feedback\."):
        run(tmp_path / "cut.bin")
    assert Interaction.objects.count() == 1


def test_other_files_are_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="neither exports of Gorse"):
        run(write(tmp_path, {"notes.jsonl": '{"a": 1}\n'}))
    with pytest.raises(CommandError, match="several files of items"):
        run(exports(tmp_path / "two", items=[EMMA], more=[EMMA]))
    with pytest.raises(CommandError, match="neither a name nor an expression such as read>=3"):
        run(exports(tmp_path / "three", items=[EMMA]), "--positive-feedback-types=read=>3")
    with pytest.raises(CommandError, match="for --format gorse alone"):
        call_command("import_data", str(tmp_path), "--format", "jsonl", "--read-feedback-types=read")


@pytest.mark.parametrize(
    "text",
    ["2026-05-01T12:00:00Z", "2026-05-01 14:00:00+02:00", "May 1, 2026 12:00:00", "1777636800", "5/1/2026 12:00:00 PM"],
)
def test_times_in_any_common_form(tmp_path: Path, text: str) -> None:
    run(exports(tmp_path / "one", feedback=[{**READ, "Timestamp": text}]))
    assert Interaction.objects.get().occurred_at == datetime(2026, 5, 1, 12, tzinfo=UTC)
