"""The API does what its description says: schemathesis sends what it allows and forbids, and checks the answers."""

import subprocess
from typing import Any

import pytest
from django.core.servers.basehttp import WSGIRequestHandler

from recsite.local.paths import PROJECT
from recsite.platform.access import Scope
from recsite.platform.models import ApiKey
from tests import factories

LONGEST_SECS = 900
"""A quiet machine takes about two minutes."""


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_schemathesis_finds_nothing(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # The server sends head and body apart: with Nagle's algorithm each of the 7,000 answers waits 40 ms for the client.
    monkeypatch.setattr(WSGIRequestHandler, "disable_nagle_algorithm", True)
    factories.item("emma")
    factories.ada()
    _, key = ApiKey.objects.create_key(name="schemathesis", rate_limit=0, scopes=list(Scope))
    command = [str(PROJECT / ".venv" / "bin" / "schemathesis"), "run", f"{live_server.url}/api/schema/", "--no-color"]
    done = subprocess.run(
        [*command, "-H", f"Authorization: Api-Key {key}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
