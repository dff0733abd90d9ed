"""Read the settings of files that staff import in the admin; recsite.settings takes them all over."""

from pathlib import Path
from typing import Any

from recsite import env

IMPORT_MAX_BYTES = env.integer("IMPORT_MAX_BYTES", 10 * 1024**3, 1024)
IMPORT_KEPT_DAYS = env.integer("IMPORT_KEPT_DAYS", 7, 1)
IMPORT_HOSTS = env.items("IMPORT_HOSTS", [])
IMPORT_FOLDERS = [Path(folder) for folder in env.items("IMPORT_FOLDERS", [])]
if relative := [str(folder) for folder in IMPORT_FOLDERS if not folder.is_absolute()]:
    env.fail(f"IMPORT_FOLDERS: {relative[0]} is no absolute path.")


def upload_storage(state: Path) -> dict[str, Any]:
    """Return the storage of files that wait for the worker: a folder, to which pieces of files are added."""
    location = env.text("UPLOAD_STORAGE_PATH", str(state / "uploads"))
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": location}}
