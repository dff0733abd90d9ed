"""The linter of migrations passes over what is there, and finds what it is for."""

from django_migration_linter.sql_analyser.analyser import analyse_sql_statements, get_sql_analyser_class

from recsite.local.paths import PROJECT
from tests.linting import ACCEPTED, MIGRATION_LINTER_OPTIONS, OURS


def found(*statements: str) -> set[str]:
    analyser = get_sql_analyser_class("postgresql", MIGRATION_LINTER_OPTIONS["sql_analyser"])
    errors, _, warnings = analyse_sql_statements(analyser, list(statements))
    grave = [one.code for one in warnings if one.code in MIGRATION_LINTER_OPTIONS["warnings_as_errors"]]
    return {one.code for one in errors} | set(grave)


def test_every_accepted_migration_is_there() -> None:
    there = {path.stem for path in PROJECT.glob("**/migrations/0*.py") if ".venv" not in path.parts}
    assert [name for name in ACCEPTED if name not in there] == []
    assert set(OURS) == {"catalog", "interactions", "platform", "recommender", "storefront"}


def test_a_lock_and_a_column_that_the_version_before_can_not_fill_are_found() -> None:
    assert "NOT_NULL" in found('ALTER TABLE "a" ADD COLUMN "b" integer NOT NULL;')
    assert "CREATE_INDEX" in found('CREATE INDEX "x" ON "a" ("b");')
    assert found('CREATE INDEX CONCURRENTLY "x" ON "a" ("b");') == set()
