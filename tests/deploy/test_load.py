"""The tool for load: who asks for what, what is counted, and which faults there are."""

import os
import subprocess
from collections import Counter
from typing import Any

import pytest

from deploy.load.__main__ import MEGABYTE, sizes, speed
from deploy.load.breaking import NAMES
from deploy.load.counting import cpu_seconds, is_sound, memory
from deploy.load.crowd import EVENTS, LISTS, OTHER, SHARES, USERS, Chooser, Crowd, Tally
from deploy.load.faults import chosen, main
from deploy.load.rig import tree


def test_requests_come_in_their_shares_and_few_users_make_most_of_them() -> None:
    chooser = Chooser(1)
    kinds = Counter(chooser.kind() for _ in range(20_000))
    assert {kind: round(kinds[kind] / 20_000, 2) for kind in SHARES} == SHARES
    users = Counter(chooser.user() for _ in range(20_000))
    assert sum(number for _, number in users.most_common(USERS // 10)) / 20_000 == pytest.approx(0.9, abs=0.03)
    assert len(users) > 1_500
    assert 1_000 > users["user-0"] > users["user-100"] > 0
    assert all(int(user.removeprefix("user-")) < USERS for user in users)


def tally() -> Tally:
    counted = Tally()
    for number in range(100):
        counted.note(LISTS, "200", (number + 1) / 1000)
    counted.note(EVENTS, "202", 0.5)
    counted.note(EVENTS, "503", 0.5)
    counted.note(OTHER, "ConnectionResetError", 0.5)
    return counted


def test_times_and_failures_are_told_by_kind() -> None:
    counted = tally()
    assert [counted.milliseconds(share, LISTS) for share in (0.5, 0.95, 0.99)] == [51.0, 96.0, 100.0]
    assert counted.milliseconds(0.5) == 52.0
    assert Tally().milliseconds(0.5) == 0.0
    assert counted.faults() == {"events 503": 1, "other ConnectionResetError": 1}
    lines = list(speed(counted, 10, 2))
    assert lines[1] == "lists | 100 | 0 | 51.0 ms | 96.0 ms | 100.0 ms"
    assert lines[2].startswith("events | 2 | 1 |")
    assert lines[-1].startswith("10 requests/s in all; 52 requests per second of a core")


def test_memory_is_told_at_four_points() -> None:
    assert list(sizes({"web": [MEGABYTE * size for size in (1, 2, 3, 9, 5)]}))[1] == "web | 2 MB | 3 MB | 5 MB | 9 MB"


@pytest.mark.parametrize(
    ("total", "different", "failed", "sound"),
    [
        (1, 1, False, True),
        (2, 2, False, True),
        (0, 0, False, False),
        (3, 3, False, False),
        (2, 1, False, False),
        (1, 1, True, False),
    ],
)
def test_a_run_is_sound_where_what_was_accepted_is_stored_once_and_no_list_failed(
    total: int, different: int, failed: bool, sound: bool
) -> None:
    """One event was accepted, and one got no answer: it may be stored."""
    front: Any = None
    crowd = Crowd(front, "key", "name", 0)
    crowd.tally = tally()
    if failed:
        crowd.tally.note(LISTS, "502", 0.1)
    assert is_sound(crowd, total, different) is sound


def test_there_are_twenty_faults_and_each_is_found_by_a_part_of_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(set(NAMES)) == 20
    assert main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 20
    assert chosen(["Redis"]) == ["Redis emptied", "Redis stopped", "Redis hangs"]
    with pytest.raises(SystemExit):
        main(["no such fault"])


def test_a_process_is_measured_with_what_it_has_started() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        assert child.pid in tree(os.getpid())
        assert memory(os.getpid()) > memory(child.pid) > 0
        assert cpu_seconds(os.getpid()) > 0
        child.kill()
