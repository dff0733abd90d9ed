"""exclusive: one process at a time, and nothing left behind by a process that was killed."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import close_old_connections, connection

from recsite.platform.exceptions import AlreadyRunning
from recsite.platform.locks import Turn, exclusive, is_held

pytestmark = pytest.mark.django_db

HOLD = """
import sys, django
from django.conf import settings
django.setup()
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from recsite.platform.locks import is_held, exclusive
with exclusive("harvest"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process() -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until its standard input ends."""
    command = [sys.executable, "-c", HOLD, str(connection.settings_dict["NAME"])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as held:
        assert held.stdout
        assert held.stdout.readline() == "held\n"
        yield held


def test_a_held_lock_is_refused_and_then_given_back() -> None:
    with another_process() as held:
        with pytest.raises(AlreadyRunning, match="harvest is already being worked on"), exclusive("harvest"):
            pass
        with exclusive("sowing"):
            pass
        held.communicate("")
    with exclusive("harvest"):
        pass


def test_a_killed_process_leaves_no_lock() -> None:
    with another_process() as held:
        held.send_signal(signal.SIGKILL)
        held.wait()
    assert _taken_within_a_while("harvest")


def _taken_within_a_while(name: str) -> bool:
    for _ in range(200):
        try:
            with exclusive(name):
                return True
        except AlreadyRunning:
            connection.cursor().execute("SELECT pg_sleep(0.02)")
    return False


def test_it_is_held_while_old_connections_are_closed() -> None:
    with exclusive("harvest"):
        close_old_connections()
        with pytest.raises(AlreadyRunning), exclusive("harvest"):
            pass


def test_it_is_free_at_once_for_the_next() -> None:
    for _ in range(20):
        with exclusive("harvest"):
            pass


def test_it_is_given_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), exclusive("harvest"):
        raise ZeroDivisionError
    with exclusive("harvest"):
        pass


def test_a_lock_that_is_held_is_seen_without_being_taken() -> None:
    assert not is_held("one")
    with exclusive("one"):
        assert is_held("one")
        assert not is_held("another")
    assert not is_held("one")


def test_of_several_one_has_its_turn_until_it_gives_it_back_or_its_session_ends() -> None:
    first, second = Turn("sowing"), Turn("sowing")
    assert [first.is_mine(), second.is_mine(), first.is_mine()] == [True, False, True]
    first.give_back()
    assert [second.is_mine(), first.is_mine()] == [True, False]
    assert second._session
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [second._session.info.backend_pid])
    assert [second.is_mine(), first.is_mine(), second.is_mine()] == [False, True, False]
    first.give_back()
