"""Tokens of users for browser keys, and webhooks: what the server signs and reads, the client signs and reads."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from recsite_client import InvalidSignature, sign_user_token, verify_webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = json.dumps({"type": "model.promoted", "data": {"release": 42}})


def signed(at: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    """Headers as the library that the server uses makes them."""
    moment = at or datetime.now(UTC)
    signature = Webhook(secret).sign("msg-1", moment, BODY)
    return {
        "Webhook-Id": "msg-1",
        "Webhook-Timestamp": str(int(moment.timestamp())),
        "Webhook-Signature": f"v1,b3RoZXI= {signature}",
    }


def test_a_webhook_of_the_server_is_read() -> None:
    assert verify_webhook(SECRET, signed(), BODY)["data"] == {"release": 42}
    assert verify_webhook(SECRET, signed(), BODY.encode())["type"] == "model.promoted"


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        # Signed when the test runs: a suite may take longer than a message is good for.
        (lambda: signed(secret="whsec_b3RoZXIgc2VjcmV0"), BODY, "signature is wrong"),
        (signed, BODY + " ", "signature is wrong"),
        (lambda: signed(datetime.now(UTC) - timedelta(hours=1)), BODY, "seconds old"),
        (dict, BODY, "webhook-id is missing"),
        (lambda: {**signed(), "Webhook-Timestamp": "noon"}, BODY, "no Unix time"),
    ],
    ids=["other-secret", "other-body", "old", "unsigned", "no-time"],
)
def test_what_is_forged_or_old_is_refused(headers: Callable[[], dict[str, str]], body: str, said: str) -> None:
    with pytest.raises(InvalidSignature, match=said):
        verify_webhook(SECRET, headers(), body)


def test_a_token_needs_the_whole_key() -> None:
    with pytest.raises(ValueError, match="whole browser key"):
        sign_user_token("pubAbc12", "ada")
    user, expires, signature = sign_user_token("pubAbc12.secret", "ada", expires_in=60).split(".")
    assert (user, len(signature)) == ("YWRh", 43)
    assert int(expires) > datetime.now(UTC).timestamp() + 50
