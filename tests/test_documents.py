"""The documents lead somewhere: links, pictures, commands to copy, the index and the versions are right."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings

from interactions.api import events
from recommender.api.session_and_batch import SESSION
from recsite.local.paths import PROJECT
from storefront.works.works import read_works

DOCUMENTS = sorted(
    [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), *PROJECT.glob("clients/*/README.md")],
    key=lambda path: path.relative_to(PROJECT),
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
ELSEWHERE = ("http://", "https://", "mailto:")
QUOTED = re.compile(r""""[^"]*"|'[^']*'""")


def named(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def anchors(path: Path) -> set[str]:
    """The names that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.lower())) for heading in headings)
    return {text.strip().replace(" ", "-") for text in plain}


def targets(path: Path) -> list[str]:
    text = FENCED.sub("", path.read_text(encoding="utf-8"))
    return [target for target in LINK.findall(text) if not target.startswith(ELSEWHERE)]


def commands(path: Path) -> list[str]:
    """The lines that call curl, each with those that it goes on in."""
    joined = path.read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if re.match(r"\s*curl ", line)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    broken = []
    for target in targets(path):
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        if not found.exists() or (anchor and found.suffix == ".md" and anchor not in anchors(found)):
            broken.append(target)
    assert broken == []


def test_every_picture_is_used_and_there() -> None:
    used = {
        (path.parent / target).resolve()
        for path in DOCUMENTS
        for target in targets(path)
        if target.endswith((".png", ".svg"))
    }
    assert used == set((PROJECT / "docs" / "images").iterdir())


def test_the_index_has_every_document() -> None:
    index = PROJECT / "docs" / "README.md"
    listed = {(index.parent / target).resolve() for target in targets(index)}
    missing = {path for path in DOCUMENTS if path.name != "README.md" or path.parent.parent.name == "clients"} - listed
    assert sorted(map(named, missing)) == []


def test_the_first_page_is_short() -> None:
    assert len((PROJECT / "README.md").read_text(encoding="utf-8").splitlines()) <= 70


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_a_curl_line_has_its_address_in_quotes_and_the_names_that_the_quick_start_sets(path: Path) -> None:
    lines = commands(path)
    assert [line for line in lines if "/" in QUOTED.sub("", line).partition(">")[0]] == []
    unset = [line for line in lines if set(re.findall(r"\$\{?(\w+)", line)) - {"RECSITE_URL", "RECSITE_KEY"}]
    assert unset == []


def test_what_a_reader_tries_on_the_demo_names_items_that_it_has() -> None:
    works = {work.id for work in read_works()}
    tried = {events.EVENT["item_id"], events.SMALLEST["item_id"], *SESSION["items"]}
    tried |= set(re.findall(r'"item_id": "([^"]+)"', (PROJECT / "README.md").read_text(encoding="utf-8")))
    assert tried - works == set()


def test_versions_fall_with_their_dates_and_the_newest_is_behind_the_one_being_built() -> None:
    text = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[0] == "Unreleased"
    released = re.findall(r"^## (\d+)\.(\d+)\.(\d+) \((\d{4}-\d\d-\d\d)\)", text, re.MULTILINE)
    versions = [(tuple(map(int, numbers)), day) for *numbers, day in released]
    assert all(newer > older and day >= before for (newer, day), (older, before) in pairwise(versions))
    built = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert built == settings.VERSION
    assert tuple(map(int, built.split(".")[:3])) > versions[0][0]
