"""The JavaScript client in Node: its own tests, its package, and what its README shows."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from recsite.local.paths import PROJECT
from recsite.platform import user_tokens
from tests.clients.snippets import named_items, snippets
from tests.web import Web

NODE, NPM = shutil.which("node"), shutil.which("npm")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not NODE, reason="Node is missing: install the package nodejs, 18 or newer."),
]
needs_npm = pytest.mark.skipif(not NPM, reason="npm is missing: install the package npm.")
FOLDER = PROJECT / "clients" / "javascript"
SNIPPETS = snippets(FOLDER / "README.md", "js")


def run(folder: Path, *command: str | None, **environment: str) -> str:
    done = subprocess.run(
        list(filter(None, command)),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has installed the client from its folder, without a network."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "package.json").write_text('{"name": "shop", "private": true, "type": "module"}')
    run(folder, NPM, "install", "--offline", "--no-audit", "--no-fund", str(FOLDER))
    return folder


@pytest.mark.parametrize("name", ["faults", "live"])
def test_its_own_tests_pass(name: str, web: Web, key: str) -> None:
    run(FOLDER, NODE, "--test", f"test/{name}.test.js", RECSITE_URL=web.url, RECSITE_KEY=key)


@needs_npm
@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_a_snippet_of_the_readme_runs(snippet: str, project: Path, web: Web, key: str) -> None:
    (project / "snippet.js").write_text(snippet)
    assert run(project, NODE, "snippet.js", RECSITE_URL=web.url, RECSITE_KEY=key)


def test_the_readme_names_no_item_that_it_does_not_make() -> None:
    assert not named_items(SNIPPETS)


ENDING = """
import { Events, Recsite } from "./src/index.js";
const events = new Events(new Recsite({ url: process.argv[1], key: process.argv[2] }), { interval: 60 });
events.add({ user_id: "node-ended", type: "view", item_id: "novel-1" });
process.on("exit", () => console.log(JSON.stringify(events.counts)));
"""


def test_the_end_of_a_program_sends_what_waits(web: Web, key: str) -> None:
    said = run(FOLDER, NODE, "--input-type=module", "-e", ENDING, web.url, key)
    assert said.strip() == '{"accepted":1}'


def test_the_server_reads_the_tokens_that_the_client_signs() -> None:
    program = 'import { signUserToken } from "./src/server.js"; console.log(signUserToken("pub.secret", "ä/ö"));'
    token = run(FOLDER, NODE, "--input-type=module", "-e", program).strip()
    assert user_tokens.read("secret", token, 0) == "ä/ö"
