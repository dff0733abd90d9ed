"""Check how a bucket of S3, or of a server that speaks its language, is reached."""

from collections.abc import Mapping
from typing import Any

from recsite import env


def bucket_options(prefix: str, bucket: str, about: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the options of a storage in this bucket; None where no bucket is named."""
    if not bucket:
        if any(about.values()):
            env.fail(f"{prefix}_ENDPOINT and the like say how to reach a bucket: name it in {prefix}_BUCKET.")
        return None
    if bool(about["access_key"]) != bool(about["secret_key"]):
        env.fail(f"{prefix}_ACCESS_KEY and {prefix}_SECRET_KEY go together: set both, or neither.")
    # A server of one's own rarely has a host name for each bucket.
    style = {"addressing_style": "path"} if about["endpoint_url"] else {}
    given = {name: value for name, value in about.items() if value}
    return {"bucket_name": bucket, "default_acl": None, **style, **given}
