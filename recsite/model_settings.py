"""Read the settings of models, lists and where models are stored; recsite.settings takes them all over."""

from pathlib import Path
from typing import Any

from recsite import env
from recsite.bucket_settings import bucket_options

SPOOLED = 16 * 1024 * 1024
"""Bytes of a file from a bucket that are held in memory; the rest of it goes to a temporary file."""

_PRODUCTION = env.is_production()
NMF_N_COMPONENTS = env.integer("NMF_N_COMPONENTS", 100 if _PRODUCTION else 50, 1, 1000)
NMF_RANDOM_STATE = env.integer("NMF_RANDOM_STATE", 42, 0, 2**32 - 1)
SIMILARITY_THRESHOLD = env.decimal("SIMILARITY_THRESHOLD", 0.0, 0, 1)
USER_PREFERENCE_CACHE_TTL_SECS = env.integer("USER_PREFERENCE_CACHE_TTL_SECS", 600, 1)


def _content_weight() -> float | None:
    """Return the weight of content in the hybrid; None where the weights that a training has learned hold."""
    given = {name: env.text(name) for name in ("COLLABORATIVE_WEIGHT", "CONTENT_BASED_WEIGHT")}
    collaborative = env.decimal("COLLABORATIVE_WEIGHT", 0.0, 0, 1)
    content = env.decimal("CONTENT_BASED_WEIGHT", 0.0, 0, 1)
    if not any(given.values()):
        return None
    if all(given.values()) and abs(collaborative + content - 1) > 1e-6:
        env.fail("COLLABORATIVE_WEIGHT and CONTENT_BASED_WEIGHT must sum to 1; one of them is enough.")
    return content if given["CONTENT_BASED_WEIGHT"] else 1 - collaborative


CONTENT_BASED_WEIGHT = _content_weight()


def export_storage(state: Path, models: dict[str, Any]) -> dict[str, Any]:
    """Return the storage of exported lists: a folder, or the bucket of the models, in a folder of its own."""
    path, options = env.text("EXPORT_STORAGE_PATH"), models["OPTIONS"]
    if path or "bucket_name" not in options:
        folder = path or str(state / "exports")
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
    location = "/".join(filter(None, (options.get("location", ""), "exports")))
    return {**models, "OPTIONS": {**options, "location": location}}


def model_storage(state: Path) -> dict[str, Any]:
    """Return the storage of fitted models: a folder, or a bucket of S3 or of a server that speaks its language."""
    bucket, path = env.text("MODEL_STORAGE_BUCKET"), env.text("MODEL_STORAGE_PATH")
    if bucket and path:
        env.fail("MODEL_STORAGE_BUCKET and MODEL_STORAGE_PATH are both set: models are stored in one place.")
    about = {
        "endpoint_url": env.text("MODEL_STORAGE_ENDPOINT"),
        "region_name": env.text("MODEL_STORAGE_REGION"),
        "access_key": env.text("MODEL_STORAGE_ACCESS_KEY"),
        "secret_key": env.text("MODEL_STORAGE_SECRET_KEY"),
        "location": env.text("MODEL_STORAGE_PREFIX"),
    }
    options = bucket_options("MODEL_STORAGE", bucket, about)
    if options is None:
        folder = path or str(state / "models")
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
    return {"BACKEND": "recsite.platform.bucket.Bucket", "OPTIONS": {"max_memory_size": SPOOLED, **options}}
