import os
import shutil
import subprocess
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NoReturn

import psycopg
import pytest
from django.core.management import CommandError
from django.db import OperationalError, ProgrammingError

from recsite.local.paths import PROJECT
from recsite.local.server import free_port
from recsite.platform.commands import LARGEST, PlainCommand, progress_bar, table, whole_number
from recsite.platform.exceptions import UserFacingError


class Failing(PlainCommand):
    requires_system_checks = []

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def handle(self, *args: Any, **options: Any) -> NoReturn:
        raise self.error


class Talking(PlainCommand):
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        for _ in range(100_000):
            self.stdout.write("a line")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "said", "exit_code"),
    [
        (UserFacingError("There is nothing to do."), "There is nothing to do.", 1),
        (CommandError("Name a file.", returncode=3), "Name a file.", 3),
        (OperationalError("connection refused\n\tIs the server running?"), "PostgreSQL can't do that now", 1),
        (OSError(28, "No space left on device", "/data/x"), "No space left on device (/data/x)", 1),
        (KeyboardInterrupt(), "Stopped.", 130),
    ],
)
def test_what_went_wrong_is_one_line_and_an_exit_code(error: BaseException, said: str, exit_code: int) -> None:
    with pytest.raises(CommandError) as raised:
        Failing(error).execute(force_color=False, no_color=True, skip_checks=True)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert raised.value.returncode == exit_code


@pytest.mark.django_db
def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    full = OperationalError("could not extend file")
    full.__cause__ = psycopg.errors.DiskFull()
    lost = OperationalError("server closed the connection unexpectedly")
    with pytest.raises(CommandError, match=r"^PostgreSQL's disk is full: free some space.* Nothing .* is lost\.$"):
        Failing(full).execute(force_color=False, no_color=True, skip_checks=True)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000))
    with pytest.raises(CommandError, match=r"^The disk of .* is full"):
        Failing(lost).execute(force_color=False, no_color=True, skip_checks=True)


@pytest.mark.parametrize("command", [["models", "list"], ["warm_cache"], ["partitions"]])
def test_without_postgres_a_command_says_one_sentence(command: list[str]) -> None:
    nowhere = {**os.environ, "DATABASE_URL": f"postgres://somebody@127.0.0.1:{free_port()}/nothing"}
    done = subprocess.run([sys.executable, "manage.py", *command], cwd=PROJECT, env=nowhere, capture_output=True)
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("CommandError: PostgreSQL can't do that now: connection failed:")


def test_a_reader_that_leaves_is_no_fault() -> None:
    script = (
        "import sys; from tests.platform.test_commands import Talking; Talking().run_from_argv(['manage.py', 'talk'])"
    )
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "recsite.settings"}
    code = f"import django; django.setup(); {script}"
    done = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "{code}" | head -1; exit ${{PIPESTATUS[0]}}'],
        cwd=PROJECT,
        env=environ,
        capture_output=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (141, b"a line\n", b"")


@pytest.mark.django_db
def test_a_database_without_our_tables_is_one_sentence() -> None:
    missing = ProgrammingError('relation "catalog_item" does not exist')
    missing.__cause__ = psycopg.errors.UndefinedTable()
    with pytest.raises(CommandError, match=r"run 'manage\.py migrate' first\.$"):
        Failing(missing).execute(force_color=False, no_color=True, skip_checks=True)


@pytest.mark.django_db
def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        Failing(ZeroDivisionError()).execute(force_color=False, no_color=True, skip_checks=True)


def test_a_whole_number_fits_the_database() -> None:
    assert [whole_number(text) for text in ("0", "42", str(LARGEST))] == [0, 42, LARGEST]


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "", str(LARGEST + 1)])
def test_anything_else_is_a_mistake_of_usage(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not a whole number"):
        whole_number(text)


def test_columns_of_words_stand_left_and_those_of_numbers_right() -> None:
    assert list(table(["NAME", "N"], [["a", 5], ["longer", 1000]])) == ["NAME       N", "a          5", "longer  1000"]


def test_an_empty_cell_is_empty_and_lines_end_with_words() -> None:
    assert list(table(["A", "B"], [[None, "x"], ["y", None]])) == ["A  B", "   x", "y"]


def test_a_table_without_rows_is_its_headings() -> None:
    assert list(table(["A", "B"], [])) == ["A  B"]


def test_without_a_terminal_the_bar_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    show: Callable[[float, str], None]
    with progress_bar() as show:
        show(0.5, "half")
    assert capsys.readouterr() == ("", "")
