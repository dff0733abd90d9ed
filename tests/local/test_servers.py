import os
import pwd
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import redis

from recsite.local.home import find_home, private_folder
from recsite.local.paths import PROJECT, LocalError, make_state
from recsite.local.redis import Redis
from tests.local.users import User, answers, environ, kill_servers, pid_files, port_of, server_pids

AS_ROOT = os.geteuid() == 0


def test_data_and_addresses_are_the_same_after_a_restart(kept: Path) -> None:
    first = User(kept, "durable").wait()
    first.write("something")
    first.leave()
    second = User(kept, "durable").wait()
    assert second.read() == ("something", "something")
    assert (second.database_url, second.redis_url) == (first.database_url, first.redis_url)
    second.leave()


def test_the_last_user_stops_the_servers_and_nobody_before(kept: Path) -> None:
    first, second = User(kept).wait(), User(kept).wait()
    first.leave()
    assert answers(second)
    second.leave()
    assert not answers(second)


def test_users_that_start_at_once_share_the_servers(kept: Path) -> None:
    users = [User(kept) for _ in range(3)]
    assert len({(user.wait().database_url, user.redis_url) for user in users}) == 1
    for user in users:
        user.leave()
    assert not answers(users[0])


def test_what_was_committed_survives_a_kill_of_everything(kept: Path) -> None:
    user = User(kept, "durable").wait()
    user.write("written before the kill")
    user.kill()
    kill_servers(kept)
    owner = pid_files(kept)[0].stat().st_uid
    # The process ids in the files may be anybody's by now, and PostgreSQL believes in those of its own account.
    with subprocess.Popen(["sleep", "600"], user=owner if AS_ROOT else None) as bystander:
        for file in pid_files(kept):
            file.write_text("\n".join([str(bystander.pid), *file.read_text().splitlines()[1:]]) + "\n")
        again = User(kept, "durable").wait()
        assert bystander.poll() is None
        bystander.kill()
    assert again.read() == ("written before the kill", "written before the kill")
    again.leave()


def test_servers_left_behind_by_a_killed_user_are_found_and_stopped(kept: Path) -> None:
    killed = User(kept).wait()
    pids = server_pids(kept)
    killed.kill()
    assert answers(killed)
    user = User(kept).wait()
    assert server_pids(kept) == pids
    user.leave()
    assert not answers(user)


def test_a_port_that_somebody_took_is_left_to_them(kept: Path) -> None:
    first = User(kept).wait()
    first.leave()
    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taker.bind(("127.0.0.1", port_of(first.database_url)))
        taker.listen()
        second = User(kept).wait()
    assert second.database_url != first.database_url
    assert second.redis_url == first.redis_url
    second.leave()


def test_a_full_disk_is_named_at_once(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000))
    with pytest.raises(LocalError, match=r"is full \(1,000 bytes are free\).* Nothing that was stored is lost\.$"):
        Redis(make_state(state), find_home(state)).ensure()


def test_only_a_server_that_is_not_configured_is_started(state: Path) -> None:
    elsewhere = "postgres://somebody@192.0.2.1/theirs"
    user = User(state, env=environ(DATABASE_URL=elsewhere)).wait()
    assert user.database_url == elsewhere
    assert redis.Redis.from_url(user.redis_url).ping()
    assert not (state / "postgresql").exists()
    user.leave()


def test_nobody_gets_in_without_the_password(kept: Path) -> None:
    user = User(kept).wait()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(user.database_url.replace("recsite:", "recsite:x"))
    with socket.create_connection(("127.0.0.1", port_of(user.redis_url))) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")
    assert stat.S_IMODE((kept / "servers.json").stat().st_mode) == 0o600
    user.leave()


@pytest.mark.skipif(not AS_ROOT, reason="only root has to hand its servers to another account")
def test_root_in_a_closed_folder_serves_from_a_private_one(state: Path) -> None:
    state.parent.chmod(0o700)
    private = private_folder(state)
    user = User(state).wait()
    user.write("something")
    assert user.read() == ("something", "something")
    assert (private / "postgresql/cluster").is_dir()
    assert stat.S_IMODE(private.stat().st_mode) & 0o007 == 0
    user.leave()


@pytest.mark.parametrize("closed", [False, True])
def test_a_strict_umask_keeps_nobody_out_who_is_needed(state: Path, closed: bool) -> None:
    state.parent.chmod(0o700 if closed else 0o711)
    user = User(state, umask=0o077).wait()
    assert answers(user)
    user.leave()


@pytest.mark.skipif(not AS_ROOT, reason="the other tests run as an ordinary user already")
def test_an_ordinary_user_needs_no_other_account(state: Path) -> None:
    somebody = pwd.getpwnam("nobody")
    who: dict[str, Any] = {"user": somebody.pw_uid, "group": somebody.pw_gid, "extra_groups": []}
    try:
        subprocess.run([sys.executable, "-c", "import recsite"], check=True, cwd=PROJECT, **who)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("other users can't enter this clone, or run its Python")
    state.mkdir()
    os.chown(state, somebody.pw_uid, somebody.pw_gid)
    user = User(state, **who).wait()
    assert {path.stat().st_uid for path in state.iterdir()} == {somebody.pw_uid}
    user.leave()


class Slow(Redis):
    """A server that is still starting when the patience ends."""

    start_seconds = 0.3
    launched = 0

    def answers(self) -> bool:
        return False

    def launch(self) -> "subprocess.Popen[bytes]":
        self.launched += 1
        process = subprocess.Popen(["sleep", "600"], cwd=self.workdir)
        (self.workdir / self.pid_file).write_text(f"{process.pid}\n")
        return process


def test_a_server_that_is_slow_to_start_is_started_anew_once(tmp_path: Path) -> None:
    """Each start begins at the beginning: eight of them on a busy machine take minutes, and end as the first did."""
    make_state(tmp_path)
    slow = Slow(tmp_path, find_home(tmp_path))
    with pytest.raises(LocalError, match="doesn't start"):
        slow.ensure()
    assert slow.launched == 2
    assert not slow.running()
