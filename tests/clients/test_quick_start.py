"""The quick start of docs/API.md does what it says, in each of its languages; so does README.md's first call."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recsite.local.paths import PROJECT
from tests.web import Web

pytestmark = pytest.mark.django_db
DOCS = (PROJECT / "docs" / "API.md").read_text(encoding="utf-8")
SECTION = DOCS.split("## Quick start", 1)[1].split("\n## ", 1)[0]
SNIPPETS: dict[str, str] = dict(re.findall(r"```(\w+)\n(.*?)```", SECTION, re.DOTALL))


def run(web: Web, key: str, folder: Path, *command: str) -> str:
    paths = {"PYTHONPATH": str(PROJECT / "clients" / "python")}
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **paths, "RECSITE_URL": web.url, "RECSITE_KEY": key},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_has_a_snippet_in_each_language() -> None:
    assert list(SNIPPETS) == ["sh", "python", "js"]


def json_values(text: str) -> Iterator[dict[str, Any]]:
    """The JSON values that stand one after the other in a text."""
    while text := text.strip():
        value, end = json.JSONDecoder().raw_decode(text)
        yield value
        text = text[end:]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is missing: install the package curl.")
def test_the_first_call_of_the_readme(web: Web, key: str, tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "demo.json").write_text(json.dumps({"api_key": key}))
    (shown,) = re.findall(r"```sh\n(.*?)```", (PROJECT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    told = run(web, key, tmp_path, "bash", "-euc", shown.replace("http://127.0.0.1:8000", web.url))
    before, accepted, after = json_values(told)
    assert len(before["items"]) == len(after["items"]) == 3
    assert accepted["status"] == "accepted"
    assert after["items"][0]["reason"]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is missing: install the package curl.")
def test_curl(web: Web, key: str, tmp_path: Path) -> None:
    told = run(web, key, tmp_path, "bash", "-euc", SNIPPETS["sh"])
    assert '"title":"Emma"' in told
    assert '"recommendation_id"' in told


def test_python(web: Web, key: str, tmp_path: Path) -> None:
    assert run(web, key, tmp_path, sys.executable, "-c", SNIPPETS["python"]).startswith("1 ")


@pytest.mark.skipif(not shutil.which("node"), reason="Node is missing: install the package nodejs, 18 or newer.")
def test_javascript(web: Web, key: str, tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "recsite-client").symlink_to(PROJECT / "clients" / "javascript")
    (tmp_path / "start.mjs").write_text(SNIPPETS["js"])
    assert run(web, key, tmp_path, "node", "start.mjs").startswith("1 ")
