"""Failed sign-ins leave a line in the log and are counted, so that guessing passwords is noticed and slowed."""

import logging
import re
from typing import Any

from django.http import HttpRequest

from recsite.platform import attempts
from recsite.platform.clients import client_address

logger = logging.getLogger(__name__)
LONGEST = 200
_NAME = re.compile(r"[\w.@+-]{1,150}")


def log_failure(
    credentials: dict[str, Any],
    request: HttpRequest | None = None,
    **kwargs: Any,  # noqa: ARG001 - Django's signal
) -> None:
    """Log who could not sign in and from where; a name that no account can have may be a password, and is left out."""
    name = str(credentials.get("username", ""))
    if request is not None:
        attempts.note(request, name)
    about = request.META if request else {}
    logger.warning(
        "A sign-in failed.",
        extra={
            "account": name if _NAME.fullmatch(name) else "",
            "client": client_address(request) if request else "",
            "forwarded_for": about.get("HTTP_X_FORWARDED_FOR", "")[:LONGEST],
        },
    )
