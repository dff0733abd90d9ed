"""The Python client is a package of its own: it installs from its folder, and its README holds."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from recsite.local.paths import PROJECT
from recsite.platform import user_tokens
from recsite_client import sign_user_token
from tests.clients.snippets import named_items, snippets
from tests.web import Web

pytestmark = pytest.mark.django_db
FOLDER = PROJECT / "clients" / "python"
SNIPPETS = snippets(FOLDER / "README.md", "python")
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
OFFLINE = ["--no-index", "--no-deps", "--no-build-isolation"]


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the package, and the dependencies of ours, without a network."""
    folder = tmp_path_factory.mktemp("package")
    # Building leaves files beside the sources.
    source = shutil.copytree(FOLDER, folder / "source")
    run(*PIP, "wheel", *OFFLINE, "--wheel-dir", folder, source)
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    run(*PIP, "install", *OFFLINE, "--target", site, next(folder.glob("*.whl")))
    (site / "ours.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_it_installs_from_its_folder(installed: Path) -> None:
    program = "import recsite_client, pathlib; print(pathlib.Path(recsite_client.__file__).parent)"
    # From elsewhere: the folder itself would be found as well.
    found = Path(run(installed, "-I", "-c", program).strip())
    assert found.is_relative_to(installed.parent.parent)
    assert (found / "py.typed").is_file()


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_a_snippet_of_the_readme_runs(snippet: str, installed: Path, web: Web, key: str, tmp_path: Path) -> None:
    program = tmp_path / "snippet.py"
    program.write_text(snippet)
    assert run(installed, program, RECSITE_URL=web.url, RECSITE_KEY=key)


def test_the_readme_names_no_item_that_it_does_not_make() -> None:
    assert not named_items(SNIPPETS)


def test_the_server_reads_the_tokens_that_the_client_signs() -> None:
    assert user_tokens.read("secret", sign_user_token("pubAbc12.secret", "ä/ö"), 0) == "ä/ö"
