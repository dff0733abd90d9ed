"""The house rules: who may import whom (those inside functions count too), and how long a file may grow.

ARCHITECTURE's table stands here as data. A new service gets a row in SERVICES; the test names those that have none.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from recsite.local.paths import PROJECT

SERVICES: list[set[str]] = [
    # 0: words and formats, for everybody
    {
        "recommender.types",
        "recommender.facts",
        "interactions.schema",
        "interactions.simulation",
        "catalog.ids",
        "catalog.importers",
        "catalog.demo",
        "recsite.local",
    },
    # 1: mathematics; algorithms choose their settings on an inner split
    {
        "recommender.ranking",
        "recommender.preferences",
        "recommender.algorithms",
        "recommender.evaluation.split",
        "recommender.evaluation.metrics",
    },
    # 2: judging models; what every app needs and none owns
    {"recommender.evaluation", "recsite.platform"},
    # 3: who and what
    {"catalog"},
    # 4: what happened
    {"interactions"},
    # 5: what to show: the rows, and where things lie
    {
        "recommender",
        "recommender.models",
        "recommender.artifacts",
        "recommender.cache",
        "recommender.telemetry",
        "recommender.exceptions",
    },
    # 6: rows become arrays
    {"recommender.dataset"},
    # 7: which models there are, and what they say
    {
        "recommender.registry",
        "recommender.gate",
        "recommender.placements",
        "recommender.served",
        "recommender.streams",
        "recommender.reasons",
        "recommender.candidates",
        "recommender.experiments",
        "recommender.drift",
        "recommender.analytics",
    },
    # 8: the work itself; answering is serving by other means
    {
        "recommender.answering",
        "recommender.training",
        "recommender.serving",
        "recommender.freshness",
        "recommender.warming",
        "recommender.tuning",
    },
]
DOORS = {"tasks", "admin", "views", "api", "management", "urls", "apps"}
"""Modules that let somebody in; all of row 9."""

DOOR_ROW = 9
TOP_ROW = 10
"""`recsite` itself, which composes everything."""

APPS = ["recsite.platform", "catalog", "interactions", "recommender"]
"""Each knows those before it, and none after it."""

SEPARATE = SERVICES[8] - {"recommender.answering"}
"""These never import each other."""

NO_DJANGO = (SERVICES[0] - {"recsite.local"}) | SERVICES[1] | {"recommender.evaluation"}
STANDARD_LIBRARY_ONLY = "recsite.local"
TRAINERS = {"surprise", "implicit", "sklearn", "model2vec"}
"""Libraries that only the file of one algorithm may import."""

LONGEST_FILE = 300


@cache
def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name; migrations apart."""
    tops = ["catalog", "interactions", "recommender", "recsite"]
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
    if not app(name):
        return ""
    part = name.removeprefix(app(name)).strip(".").split(".")[0]
    return f"{app(name)}.{part}" if part.split("_")[0] in DOORS else ""


def row(name: str) -> int:
    if door(name):
        return DOOR_ROW
    rows = {service: number for number, services in enumerate(SERVICES) for service in services}
    return rows.get(within(name, list(rows)), TOP_ROW)


def may_import(who: str, what: str) -> bool:
    if row(who) == TOP_ROW:
        return True
    known = APPS.index(app(who)) if app(who) else -1
    if app(what) and APPS.index(app(what)) > known:
        return False
    if row(who) == DOOR_ROW and row(what) == DOOR_ROW:
        beside = {door(who), f"{app(who)}.tasks"} | ({f"{app(who)}.views"} if door(who).endswith(".urls") else set())
        return door(what) in beside
    return row(what) < row(who) or (row(what) == row(who) and (app(what) == app(who) or row(who) == 0))


def test_every_service_stands_in_the_table() -> None:
    covered = {service for services in SERVICES for service in services if service != "recommender"}
    missing = [
        name
        for name in modules()
        if app(name) == "recommender" and name != "recommender" and not door(name) and not within(name, covered)
    ]
    assert missing == [], "Give each a row in SERVICES, and in ARCHITECTURE's table."


def test_imports_go_upwards_only() -> None:
    wrong = sorted(f"{who} imports {what}" for who, what in set(edges()) if not may_import(who, what))
    assert wrong == []


def test_what_happens_beside_each_other_stays_apart() -> None:
    pairs = {(within(who, SEPARATE), within(what, SEPARATE), who) for who, what in edges()}
    assert [who for one, other, who in pairs if one and other and one != other] == []


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
    assert all(within(name, ["recommender.algorithms"]) for name in users)


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
        ("recommender.training", "recommender.dataset", True),
        ("recommender.dataset", "recommender.training", False),
        ("recommender.dataset", "interactions.models", True),
        ("interactions.store", "recommender.types", False),
        ("interactions.admin.events", "recommender.registry", False),
        ("recommender.registry.releases", "recommender.tasks", False),
        ("recommender.views.home", "recommender.tasks", True),
        ("recommender.views.home", "recommender.api.models", False),
        ("recommender.tasks", "interactions.tasks", False),
        ("recommender.tasks", "recommender.training", True),
        ("recommender.training", "recommender.registry", True),
        ("recommender.registry.transfer", "recommender.registry.releases", True),
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
