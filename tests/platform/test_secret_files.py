"""Secrets may come from files, as containers get them; what is wrong with one is a sentence without the secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recsite.env import SECRETS
from recsite.local.paths import PROJECT
from tests.platform.test_settings import SECRET, SOUND, examples, start


def test_every_secret_is_a_setting() -> None:
    assert set(SECRETS) <= examples().keys()


def test_a_secret_comes_from_its_file_without_the_end_of_line(tmp_path: Path) -> None:
    for name, value in (("SECRET_KEY", SECRET), ("DATABASE_URL", SOUND["DATABASE_URL"])):
        (tmp_path / name).write_text(f"{value}\n")
    script = "from recsite import settings as s; print(s.SECRET_KEY, s.DATABASES['default']['PASSWORD'])"
    files = {f"{name}_FILE": str(tmp_path / name) for name in ("SECRET_KEY", "DATABASE_URL")}
    own = {"PATH": os.defpath, "RECSITE_STATE": str(tmp_path), "REDIS_URL": SOUND["REDIS_URL"], **files}
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, env=own, capture_output=True, text=True)
    assert done.stdout == f"{SECRET} secret\n"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("content", "given", "sentence"),
    [
        (SECRET, {"SECRET_KEY": SECRET}, "SECRET_KEY and SECRET_KEY_FILE are both set: keep one of them."),
        (None, {}, "SECRET_KEY_FILE is {}, which can't be read (No such file or directory). Name a file that"),
        ("\n", {}, "SECRET_KEY_FILE is {}, which is empty: write the secret into it."),
        ("changeme-hunter2\n", {}, "SECRET_KEY must be a random text of at least 50 characters"),
    ],
)
def test_a_file_that_does_not_fit_is_a_sentence(
    tmp_path: Path, content: str | None, given: dict[str, str], sentence: str
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content)
    done = start(tmp_path, SECRET_KEY_FILE=str(path), **given)
    assert done.returncode == 1
    assert done.stderr.startswith(f"recsite can't start: {sentence.format(path)}")
    assert SECRET not in done.stderr
    assert "hunter2" not in done.stderr
