"""Sign messages by the Standard Webhooks scheme: HMAC-SHA256 over id, timestamp and body."""

import base64
import secrets
from datetime import UTC, datetime

from standardwebhooks import Webhook

from recsite.platform.webhooks.models import WebhookEndpoint

SECRET_BYTES = 32


def new_secret() -> str:
    """Return a random secret as receivers' libraries take it: whsec_ and base64."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def headers(endpoint: WebhookEndpoint, message_id: str, body: str, now: datetime) -> dict[str, str]:
    """Return the headers of one attempt; during the overlap of a rotation there are two signatures."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(message_id, now.astimezone(UTC), body) for secret in _valid(endpoint, now)
        ),
    }


def _valid(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    ends = endpoint.former_secret_ends_at
    return [endpoint.secret, *([endpoint.former_secret] if ends and now < ends else [])]
