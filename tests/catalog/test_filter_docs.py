"""docs/FILTERS.md has the grammar and the properties of the code, and every example in it does what it says."""

import json
import re
import time
from datetime import datetime
from typing import Any

import pytest

from catalog.expressions import Context, parse
from catalog.expressions.parsing import GRAMMAR
from catalog.expressions.properties import DESCRIPTIONS, FAMILIES, PROPERTIES
from catalog.snapshot import Snapshot, files, mask
from recommender.serving.filtering import about_user
from recsite.local.paths import PROJECT
from tests import factories
from tests.catalog.catalogues import marked

pytestmark = pytest.mark.django_db
DOCS = (PROJECT / "docs" / "FILTERS.md").read_text(encoding="utf-8")


def rows_of(heading: str) -> list[list[str]]:
    """The rows of the table that begins with this heading."""
    table = DOCS.partition(f"| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip()[1:-1].split("|")] for row in table]


def properties() -> str:
    several = {True: "any number", False: "one"}
    kinds = {"TEXT": "text", "NUMBER": "number", "TIME": "date", "FLAG": "true or false", "ANY": "any"}
    lines = ["| property | holds | values | |", "|---|---|---|---|"]
    for name, one in PROPERTIES.items():
        lines.append(f"| `{name}` | {kinds[one.kind.name]} | {several[one.has_many]} | {DESCRIPTIONS[name]} |")
    lines += [f"| `{name}NAME` | any | any number | {text} |" for name, text in FAMILIES.items()]
    return "\n".join(lines)


def grammar() -> str:
    """The rules as they are parsed, without what concerns the parser alone."""
    rules, _, terminals = GRAMMAR.strip().partition("\n\n")
    words = set(re.findall(r"^([A-Z]+)\.2:", terminals, flags=re.MULTILINE))
    rules = re.sub(r" -> \w+|^\?", "", rules, flags=re.MULTILINE)
    rules = re.sub(r"\b[A-Z]+\b", lambda found: f'"{found[0].lower()}"' if found[0] in words else found[0], rules)
    shapes = [line.replace(".1:", ":") for line in terminals.splitlines() if re.match(r"(COM|NA|TE|TI|NU)", line)]
    return "\n".join(f"    {line}" for line in [*rules.splitlines(), *shapes])


@pytest.mark.parametrize(("part", "text"), [("properties", properties()), ("grammar", grammar())])
def test_the_docs_have_what_the_code_has(part: str, text: str) -> None:
    wanted = f"<!-- {part} -->\n{text}\n<!-- /{part} -->"
    assert wanted in DOCS, f"Put this into docs/FILTERS.md:\n{wanted}"


def test_every_example_lists_what_it_says() -> None:
    for name, categories, tags, item_type, creator, published, features in table_of_items():
        factories.item(
            name,
            categories=categories,
            tags=tags,
            item_type=item_type,
            features={**features, **({"creator": creator} if creator else {})},
            published_at=datetime.fromisoformat(f"{published}T00:00:00+00:00") if published else None,
        )
    catalogue = Snapshot.of(files.built_in_memory().base, time.time())
    about = about_user({}, {"country": "AT", "age": 34})
    viewed = {"viewed.category": ["Novels", "Classics"], "viewed.item_type": "book", "viewed.price": 8}
    examples = rows_of("expression")
    assert len(examples) > 15
    for written, listed in examples:
        found = mask(catalogue, parse(written.strip("`")), Context({**about, **viewed}))
        assert marked(catalogue, found.mask) == {name for name in listed.split(", ") if name}, written


def table_of_items() -> list[tuple[Any, ...]]:
    found = []
    for name, categories, tags, item_type, creator, published, features in rows_of("item"):
        labels = [[one for one in cell.split(", ") if one] for cell in (categories, tags)]
        found.append((name, *labels, item_type, creator, published, json.loads(features.strip("`"))))
    return found
