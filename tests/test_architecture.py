"""Enforce the house rules: who may import whom, and how long a file may grow.

ARCHITECTURE's folder table stands here as data: FLOORS. A folder may import those on the floors below it.
"""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from recsite.local.paths import PROJECT

FLOORS: list[set[str]] = [
    # 0: numpy and the standard library; no Django
    {
        "recommender.engine",
        "interactions.schema",
        "catalog.expressions",
        "catalog.ids",
        "catalog.importers",
        "recsite.local",
        "storefront.simulation",
        "storefront.works",
    },
    # 1: for every app, owned by none
    {"recsite.platform"},
    # 2: who and what
    {"catalog"},
    # 3: what happened
    {"interactions"},
    # 4: the rows, the arrays made of them, the versions and releases, the lists in Redis, what staff set lists to,
    # what Spark is given and gives back
    {
        "recommender.models",
        "recommender.dataset",
        "recommender.registry",
        "recommender.cache",
        "recommender.merchandising",
        "recommender.spark",
    },
    # 5: what lists achieve
    {"recommender.insight"},
    # 6: never each other
    {"recommender.serving", "recommender.training"},
    # 7: what needs several of them
    {"recommender.operations"},
    # 8: the doors of each app
    {"recommender"},
    # 9: the demo shop, on top of everything
    {"storefront"},
    # 10: the composition root
    {"recsite"},
]
DOORS = {"tasks", "admin", "views", "api", "management", "urls", "apps"}
"""Modules that let somebody in; all on floor 8. Those of the storefront stay on its own floor.

`recommender.api.gorse`, which answers another engine's clients, is a part of the door `recommender.api`.
"""

DOOR_FLOOR = 8
STOREFRONT_FLOOR = 9
TOP_FLOOR = 10

APPS = ["recsite.platform", "catalog", "interactions", "recommender", "storefront"]
"""Each knows those before it, and none after it."""

SEPARATE = {"recommender.serving", "recommender.training"}
"""These never import each other."""

NO_DJANGO = FLOORS[0] - {"recsite.local"}
STANDARD_LIBRARY_ONLY = "recsite.local"
TRAINERS = {"surprise", "implicit", "sklearn", "model2vec"}
"""Libraries that only the file of one algorithm may import."""

HEAVY = TRAINERS | {"optuna", "celery", "pyarrow", "pyspark"}
"""Libraries that may be imported inside a function: most processes never need them."""

LONGEST_FILE = 300


@cache
def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name; migrations apart."""
    tops = ["catalog", "interactions", "recommender", "storefront", "recsite"]
    paths = [path for top in tops for path in (PROJECT / top).rglob("*.py") if "migrations" not in path.parts]
    return {".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imports(name: str) -> Iterator[str]:
    """What a module imports, wherever in it; of ours, the exact modules."""
    for node in ast.walk(ast.parse(modules()[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively."
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in modules() else str(node.module)


def edges() -> Iterator[tuple[str, str]]:
    """Pairs of our modules: who, and what it imports."""
    return ((name, found) for name in modules() for found in imports(name) if found in modules() and found != name)


def within(name: str, parents: set[str] | list[str]) -> str:
    """The longest of `parents` that holds the module, or nothing."""
    return max((parent for parent in parents if f"{name}.".startswith(f"{parent}.")), key=len, default="")


def app(name: str) -> str:
    """The app a module belongs to; nothing for `recsite` itself and its local servers."""
    return within(name, APPS)


def door(name: str) -> str:
    """The door a module is part of (`recommender.admin` for `recommender.admin.release`), or nothing."""
    if not app(name) or app(name) == "storefront":
        return ""
    part = name.removeprefix(app(name)).strip(".").split(".")[0]
    return f"{app(name)}.{part}" if part.split("_")[0] in DOORS else ""


def floor(name: str) -> int:
    if door(name):
        return DOOR_FLOOR
    floors = {folder: number for number, folders in enumerate(FLOORS) for folder in folders}
    return floors[within(name, list(floors))]


def may_import(who: str, what: str) -> bool:
    if floor(who) == TOP_FLOOR:
        return True
    known = APPS.index(app(who)) if app(who) else -1
    if app(what) and APPS.index(app(what)) > known and floor(what) > 0:
        return False
    if door(what):
        beside = {door(who), f"{app(who)}.tasks"} if door(who) else set()
        return door(what) in beside
    if floor(who) == floor(what):
        return within(who, SEPARATE) == within(what, SEPARATE)
    return floor(what) < floor(who)


def test_every_folder_stands_in_the_table() -> None:
    folders = {folder for folders in FLOORS for folder in folders} - {"recommender"}
    missing = [
        name
        for name in modules()
        if app(name) == "recommender" and name != "recommender" and not door(name) and not within(name, list(folders))
    ]
    assert missing == [], "Put each into a folder of FLOORS."


def test_imports_go_down_only() -> None:
    wrong = sorted(f"{who} imports {what}" for who, what in set(edges()) if not may_import(who, what))
    assert wrong == []


def test_imports_stand_at_the_top_of_a_file() -> None:
    """An import inside a function hides a circle, except where a heavy library is not always needed."""
    exempt = {name for name in modules() if within(name, ["recsite.local"])}
    wrong = [
        f"{name}:{node.lineno}"
        for name in set(modules()) - exempt
        for function in ast.walk(ast.parse(modules()[name].read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef) and function.name != "ready"
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and not heavy(node)
    ]
    assert wrong == []


def heavy(node: ast.Import | ast.ImportFrom) -> bool:
    found = [str(node.module)] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return all(name.split(".")[0] in HEAVY for name in found)


def test_nobody_imports_in_a_circle() -> None:
    known: dict[str, set[str]] = {}
    for who, what in edges():
        known.setdefault(who, set()).add(what)
    open_: list[str] = []
    done: set[str] = set()

    def visit(name: str) -> None:
        assert name not in open_, " -> ".join([*open_[open_.index(name) :], name])
        if name in done:
            return
        open_.append(name)
        for what in sorted(known.get(name, ())):
            visit(what)
        done.add(open_.pop())

    for name in modules():
        visit(name)


def test_the_mathematics_and_the_formats_know_no_django() -> None:
    wrong = [(name, found) for name in modules() if within(name, NO_DJANGO) for found in imports(name)]
    assert [pair for pair in wrong if within(pair[1], ["django", "celery", "rest_framework", "recsite"])] == []


def test_the_local_servers_need_nothing_but_python() -> None:
    allowed = {*sys.stdlib_module_names, "recsite"}
    wrong = [
        (name, found)
        for name in modules()
        if within(name, [STANDARD_LIBRARY_ONLY])
        for found in imports(name)
        if found.split(".")[0] not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("library", sorted(TRAINERS))
def test_a_training_library_is_imported_by_one_algorithm_alone(library: str) -> None:
    users = {name for name in modules() if any(within(found, [library]) for found in imports(name))}
    assert len(users) <= 1
    assert all(within(name, ["recommender.engine.algorithms"]) for name in users)


def test_no_file_is_too_long() -> None:
    skipped = {"migrations", "node_modules"}
    paths = [
        path
        for path in PROJECT.rglob("*.py")
        if not skipped & set(path.parts) and not any(part.startswith(".") for part in path.relative_to(PROJECT).parts)
    ]
    lengths = {str(path.relative_to(PROJECT)): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


@pytest.mark.parametrize(
    ("who", "what", "may"),
    [
        ("recommender.training.train", "recommender.dataset", True),
        ("recommender.dataset", "recommender.training.train", False),
        ("recommender.dataset", "interactions.models", True),
        ("interactions.store", "recommender.models.release", False),
        ("interactions.admin.events", "recommender.registry", False),
        ("recommender.registry.releases", "recommender.tasks", False),
        ("recommender.admin.home", "recommender.tasks", True),
        ("recommender.admin.home", "recommender.api.models", False),
        ("recommender.tasks", "interactions.tasks", False),
        ("recommender.tasks", "recommender.training.train", True),
        ("recommender.training.train", "recommender.registry", True),
        ("recommender.training.train", "recommender.serving.warming", False),
        ("recommender.serving.user_lists", "recommender.insight.impressions", True),
        ("recommender.insight.drift", "recommender.serving.user_lists", False),
        ("recommender.registry.transfer", "recommender.registry.releases", True),
        ("recommender.api.gorse.feedback", "interactions.keyed", True),
        ("recommender.api.gorse.lists", "recommender.tasks", True),
        ("recommender.api.gorse.catalogue", "catalog.api.items", False),
        ("storefront.views.home", "recommender.serving", True),
        ("storefront.views.home", "recommender.tasks", False),
        ("recommender.admin.home", "storefront.views.home", False),
        ("catalog.models", "interactions.models", False),
        ("recsite.platform.jobs", "catalog.models", False),
        ("recsite.health", "recommender.registry", True),
    ],
)
def test_the_rules_tell_right_from_wrong(who: str, what: str, may: bool) -> None:
    assert may_import(who, what) is may


def test_tests_that_commit_bring_the_rows_of_the_migrations_back() -> None:
    """Those that do and those that don't can't follow one another in one database."""
    forgetful = "django_db(transaction=" + "True)"
    wrong = [path.name for path in (PROJECT / "tests").rglob("*.py") if forgetful in path.read_text(encoding="utf-8")]
    assert wrong == [], "Add serialized_rollback=True."


def docstrings() -> Iterator[tuple[str, str]]:
    for name in modules():
        for node in ast.walk(ast.parse(modules()[name].read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and (text := ast.get_docstring(node)):
                yield f"{name}.{getattr(node, 'name', '')}", text


def test_no_docstring_begins_with_a_question_word_or_speaks_of_she() -> None:
    """A docstring begins with a verb and says what is done; users are "the user" or "they"."""
    questions = re.compile(r"(What|Whether|Who|Of|How)\b")
    persons = re.compile(r"\b(she|her|hers|he|him|his)\b", re.IGNORECASE)
    wrong = [where for where, text in docstrings() if questions.match(text) or persons.search(text)]
    assert wrong == []


def test_the_docs_call_commands_in_the_one_way_that_a_new_user_has() -> None:
    docs = [PROJECT / "README.md", *PROJECT.glob("docs/*.md"), *PROJECT.glob("clients/*/README.md")]
    bare = re.compile(r"(?<!\.venv/bin/python )manage\.py (?=[a-z])")
    named = {"BENCHMARKS.md", "DECISIONS.md"}
    """These speak of commands and have none to paste."""
    found = [path.name for path in docs if path.name not in named and bare.search(path.read_text(encoding="utf-8"))]
    assert found == [], "Write .venv/bin/python manage.py COMMAND."
