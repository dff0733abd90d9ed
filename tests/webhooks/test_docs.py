"""The docs' table of events is that of the registry, and their snippets verify real messages."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from standardwebhooks.webhooks import WebhookVerificationError

from recsite.local.paths import PROJECT
from recsite.platform.models import WebhookEndpoint
from recsite.platform.webhooks import delivering, outbox
from tests.webhooks.receiver import Message, Receiver

DOCS = (PROJECT / "docs" / "API.md").read_text(encoding="utf-8").split("## Webhooks\n")[1].split("\n## ")[0]


def table() -> str:
    rows = [
        f"| `{name}` | {kind.description} | {', '.join(f'`{field}`' for field in kind.data)} |"
        for name, kind in settings.WEBHOOK_EVENTS.items()
    ]
    return "\n".join(["| event | sent when | `data` |", "|---|---|---|", *rows]) + "\n"


def snippet(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def message(endpoint: WebhookEndpoint, shop: Receiver) -> Message:
    outbox.publish("job.failed", {"message": "Größe"})
    delivering.deliver(endpoint.pk)
    return shop.messages[0]


def test_the_table_of_events_is_that_of_the_registry() -> None:
    assert table() in DOCS, f"Put this table into docs/API.md:\n{table()}"


def test_the_python_snippet_verifies(endpoint: WebhookEndpoint, message: Message) -> None:
    names: dict[str, Any] = {}
    exec(snippet("python"), names)
    assert names["verified"](endpoint.secret, message.headers, message.body)["data"] == {"message": "Größe"}
    with pytest.raises(WebhookVerificationError):
        names["verified"](endpoint.secret, message.headers, message.body + b" ")


def test_the_javascript_snippet_verifies(endpoint: WebhookEndpoint, message: Message, tmp_path: Path) -> None:
    script = tmp_path / "verify.mjs"
    ask = "const [secret, headers, body] = JSON.parse(process.argv[2]);\n"
    script.write_text(f"{snippet('javascript')}\n{ask}console.log(JSON.stringify(verified(secret, headers, body)));")

    def run(body: str) -> "subprocess.CompletedProcess[str]":
        asked = json.dumps([endpoint.secret, message.headers, body])
        return subprocess.run(["node", script, asked], capture_output=True, text=True, check=False)

    assert json.loads(run(message.body.decode()).stdout)["data"] == {"message": "Größe"}
    assert "The signature is wrong." in run(message.body.decode() + " ").stderr
