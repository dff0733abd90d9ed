"""The API does what its description says: schemathesis sends what it allows and forbids, and checks the answers."""

import subprocess
from typing import Any

import pytest

from recsite.local.paths import PROJECT
from recsite.platform.models import ApiKey
from tests import factories

LONGEST_SECS = 900
"""A quiet machine takes less than a minute."""


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_schemathesis_finds_nothing(live_server: Any) -> None:
    factories.item("emma")
    factories.ada()
    _, key = ApiKey.objects.create_key(name="schemathesis", rate_limit=0)
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
