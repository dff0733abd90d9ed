import os
import shutil
from pathlib import Path

import pytest

from recsite.local.home import private_folder
from recsite.local.paths import PROJECT, LocalError
from recsite.local.reset import reset
from tests.local.users import User, answers


def test_reset_ends_servers_that_were_left_behind_and_removes_everything(state: Path) -> None:
    user = User(state).wait()
    user.kill()
    assert reset(state)
    assert not answers(user)
    assert not state.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a private folder")
def test_reset_removes_the_private_folder_too_even_where_the_state_is_gone(state: Path) -> None:
    state.parent.chmod(0o700)
    user = User(state).wait()
    user.kill()
    shutil.rmtree(state)
    assert reset(state)
    assert not answers(user)
    assert not private_folder(state).exists()


def test_reset_removes_what_the_tests_kept_inside(state: Path) -> None:
    user = User(state / "test").wait()
    user.kill()
    assert reset(state)
    assert not answers(user)
    assert not state.exists()


def test_reset_leaves_servers_alone_that_somebody_uses(state: Path) -> None:
    user = User(state).wait()
    with pytest.raises(LocalError, match="are in use"):
        reset(state)
    assert answers(user)
    user.leave()


def test_reset_touches_no_folder_that_is_not_a_state_folder(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert not reset(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_reset_never_removes_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "start.lock").touch()
    monkeypatch.setattr("recsite.local.reset.PROJECT", tmp_path / "clone")
    with pytest.raises(LocalError, match="holds the project"):
        reset(tmp_path)
    assert PROJECT.exists()
    assert tmp_path.exists()
