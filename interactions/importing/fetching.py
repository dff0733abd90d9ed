"""Fetch a file from another server, where a setting allows it: the address itself, without following it elsewhere."""

from http.client import HTTPException
from typing import Any, cast
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from interactions.importing import files
from interactions.importing.files import CannotTake
from interactions.models import FileImport
from recsite.platform.audit import Actor
from recsite.platform.jobs import Progress

PIECE = 1024**2
PATIENCE_SECS = 30
LONGEST = 500


class _StayHere(HTTPRedirectHandler):
    """Follow no redirection: it could lead to a host that nobody allowed."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def begin(text: str, *, actor: Actor) -> FileImport:
    """Note a file that is to be fetched. Raises CannotTake for a host that IMPORT_HOSTS doesn't name."""
    url = _allowed(text)
    name = files.safe_name(url.path)
    return FileImport.objects.create(name=name, url=text, by=actor.name)


def fetch(pk: int, progress: Progress) -> str:
    """Fetch a file from its start; return in a sentence how large it is. Raises CannotTake."""
    row = FileImport.objects.get(pk=pk)
    _allowed(row.url)
    target = files.file_of(row)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with build_opener(_StayHere()).open(row.url, timeout=PATIENCE_SECS) as answer, target.open("wb") as file:
            whole = int(answer.headers.get("Content-Length") or 0)
            while piece := cast(bytes, answer.read(PIECE)):
                file.write(piece)
                if file.tell() > settings.IMPORT_MAX_BYTES:
                    most = filesizeformat(settings.IMPORT_MAX_BYTES)
                    raise CannotTake(f"It is larger than IMPORT_MAX_BYTES allows, which is {most}.")
                progress(file.tell() / whole if whole else 0.0, f"Fetching: {filesizeformat(file.tell())}.")
            size = file.tell()
    except HTTPError as error:
        hint = " It leads elsewhere: give the address of the file itself." if 300 <= error.code < 400 else ""
        raise CannotTake(f"{row.url} answered {error.code}.{hint}") from error
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise CannotTake(f"{row.url} can't be fetched: {getattr(error, 'reason', None) or error}.") from error
    if not size or (whole and size != whole):
        raise CannotTake(f"{row.url} broke off after {filesizeformat(size)}. Fetch it again.")
    FileImport.objects.filter(pk=pk).update(size=size, received=size)
    return f"{filesizeformat(size)} fetched."


def _allowed(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        host = url.hostname or ""
    except ValueError:
        url, host = SplitResult("", "", "", "", ""), ""
    if url.scheme not in ("http", "https") or not host or url.username or len(text) > LONGEST:
        raise CannotTake("Give an address that begins with https:// or http://, without a name and a password in it.")
    if host not in settings.IMPORT_HOSTS and url.netloc not in settings.IMPORT_HOSTS:
        raise CannotTake(f"The server may not fetch from {host}: IMPORT_HOSTS names the hosts from which it may.")
    return url
