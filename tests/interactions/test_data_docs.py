"""docs/DATA.md names every field that the readers know, and each example in it does what it says."""

import re
import shlex
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from catalog.importers.columns import EVENT_FIELDS, ITEM_FIELDS, USER_FIELDS
from catalog.importers.registry import FORMATS
from catalog.models import EndUser, Item
from interactions.marks import MARKS
from interactions.models import Interaction, InteractionType, Review
from recsite.local.paths import PROJECT
from tests.interactions.data import lines

pytestmark = pytest.mark.django_db
DOCS = (PROJECT / "docs" / "DATA.md").read_text(encoding="utf-8")
EXAMPLES: dict[str, str] = dict(re.findall(r"```(?:csv|jsonl) (\S+)\n(.*?)```", DOCS, re.DOTALL))
WHOLE_SHOP = ("users.csv", "items.csv", "events.csv")


def section(title: str) -> str:
    return DOCS.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def rows(title: str) -> list[list[str]]:
    """The cells of the tables of a section, without their headings."""
    table = [line for line in section(title).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table if not line.startswith("|--")]


def put(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / Path(name).name).write_text(EXAMPLES[name], encoding="utf-8")
    return folder


def run(command: str, folder: Path) -> str:
    """What a command of the page says; its path lies in `folder`, and so does the file of rejected lines."""
    words = shlex.split(command)
    path = words[words.index("import_data") + 1]
    options = [*words[words.index("import_data") + 2 :], "--rejected", str(folder.parent / "rejected.csv")]
    out = StringIO()
    call_command("import_data", str(folder if folder.name == path else folder / path), *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def commands() -> list[str]:
    return re.findall(r"^\.venv/bin/python manage\.py import_data .*$", DOCS, re.MULTILINE)


@pytest.mark.parametrize(
    ("title", "fields"), [("Users", USER_FIELDS), ("Items", ITEM_FIELDS), ("Events", EVENT_FIELDS)]
)
def test_its_tables_have_every_field_with_every_name_that_finds_it(
    title: str, fields: Mapping[str, tuple[str, ...]]
) -> None:
    told = {cells[0].strip("`"): re.findall(r"`(\w+)`", cells[1]) for cells in rows(title) if cells[0] != "field"}
    assert told == {name: list(names) for name, names in fields.items()}


def test_the_example_of_a_whole_shop_is_imported_as_it_says(tmp_path: Path, commands: list[str]) -> None:
    told = run(commands[0], put(tmp_path / "shop", *WHOLE_SHOP))
    assert section("A whole shop in three files").split("```text\n")[1].split("\n```")[0] in told
    assert "rejected" not in told
    assert "nothing uses" not in told
    ada, emma = EndUser.objects.get(user_id="ada"), Item.objects.get(item_id="emma")
    assert (ada.demographics, ada.preferences) == ({"country": "GB", "age": "36"}, {"categories": ["Poetry"]})
    assert (emma.categories, emma.tags, emma.item_type) == (["Novels", "Romance"], ["classic", "comedy"], "book")
    assert emma.features == {"creator": "Jane Austen", "price": "9.90"}
    assert emma.published_at is not None
    assert f"{emma.published_at:%Y-%m-%d}" == "1815-12-23"
    assert set(Interaction.objects.values_list("user__user_id", "type__name", "value")) == {
        ("ada", "view", None),
        ("ada", "purchase", 9.9),
        ("ada", "rating", 4.0),
        ("ben", "like", None),
        ("chi", "add_to_cart", None),
    }


def test_the_example_with_other_column_names_fits_its_command(tmp_path: Path, commands: list[str]) -> None:
    run(commands[0], put(tmp_path / "shop", "users.csv", "items.csv"))
    assert "2 events stored" in run(commands[1], put(tmp_path, "readings.csv"))
    assert set(Interaction.objects.values_list("value", flat=True)) == {9.0, 10.0}


def test_the_examples_in_json_lines_are_imported(tmp_path: Path) -> None:
    told = run("import_data shop --format jsonl", put(tmp_path / "shop", "items.jsonl", "events.jsonl"))
    assert "2 events stored, 0 changed, 0 known already; items: 2 new" in told
    assert Item.objects.get(item_id="emma").features == {"creator": "Jane Austen", "year": 1815, "price": 9.9}
    assert Item.objects.get(item_id="leaves").features == {"creator": "Walt Whitman", "price": 7}
    assert Review.objects.get().text == "Better each time."


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_what_is_refused_is_refused_for_the_reason_that_it_says(
    tmp_path: Path, settings: Settings, is_dry_run: bool
) -> None:
    settings.UNKNOWN_ITEM_POLICY = "dead_letter"
    folder = put(tmp_path / "broken", *(name for name in EXAMPLES if name.startswith("broken/")))
    run(f"import_data broken --format csv{' --dry-run' * is_dry_run}", folder)
    found = sorted((f"`{part}`", int(line), reason) for part, line, reason, _ in lines(tmp_path / "rejected.csv"))
    told = sorted((cells[0], int(cells[1]), cells[2]) for cells in rows("What is refused") if cells[0] != "part")
    assert [one[:2] for one in told] == [one[:2] for one in found]
    for (*_, wanted), (*_, reason) in zip(told, found, strict=True):
        assert reason.startswith(wanted.rstrip("…")), reason


def test_it_names_the_types_that_there_are_and_the_marks() -> None:
    text = section("Events")
    about_items = InteractionType.objects.exclude(name__in=("login", "undo", "profile_update"))
    assert [name for name in about_items.values_list("name", flat=True) if f"`{name}`" not in text] == []
    assert [mark for mark in MARKS if f"`{mark}`" not in text] == []


def test_it_has_every_format() -> None:
    assert [name for name in FORMATS if f"`{name}`" not in DOCS and f"**{name}**" not in DOCS] == []
