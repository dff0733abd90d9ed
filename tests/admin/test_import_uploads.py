"""Files come in pieces, by a plain form, from a folder or a host that a setting allows, and are kept for some days."""

from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from interactions import tasks
from interactions.importing import files
from interactions.models import FileImport
from recsite.platform import jobs
from recsite.platform.audit import SYSTEM
from recsite.platform.models import Job
from tests.admin.imports import EVENTS, PAGE, RATINGS, UPLOAD, Callbacks, at, bring, check, outcome, press, work
from tests.admin.imports import _uploads as _uploads
from tests.admin.imports import clerk as clerk
from tests.admin.staff import Staff

pytestmark = pytest.mark.django_db


def send(staff: Staff, query: dict[str, Any], body: bytes = b"") -> tuple[int, dict[str, Any]]:
    answer: Any = staff.client.post(
        UPLOAD,
        body,
        content_type="application/octet-stream",
        query_params={name: str(one) for name, one in query.items()},
    )
    return answer.status_code, answer.json()


def test_a_file_comes_in_pieces_and_goes_on_where_it_broke_off(clerk: Staff) -> None:
    body = EVENTS.encode()
    begun = {"name": "../../etc/My events.csv", "size": len(body), "mark": "17"}
    _, said = send(clerk, begun)
    number = said["file"]
    assert send(clerk, {"file": number, "offset": 0}, body[:40])[1]["received"] == 40
    assert "broke off" in clerk.page(PAGE)
    assert "The file has not come to its end yet" in clerk.page(f"{PAGE}{number}/")
    # The answer to a piece was lost, so it comes again.
    assert send(clerk, {"file": number, "offset": 0}, body[:40])[0:1] == (409,)
    assert send(clerk, begun)[1] == {"file": number, "received": 40, "page": f"{PAGE}{number}/"}
    send(clerk, {"file": number, "offset": 40}, body[40:])
    row = FileImport.objects.get()
    assert (row.name, row.is_whole) == ("My_events.csv", True)
    assert files.file_of(row).read_bytes() == body
    assert files.file_of(row).is_relative_to(files.folder_of(row))


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ({"name": "a.csv", "size": 0}, 422, "a.csv is empty."),
        ({"name": "a.csv", "size": "many"}, 422, "in digits"),
        ({"name": "a.csv", "size": 10**14}, 422, "IMPORT_MAX_BYTES allows"),
        ({"file": "x", "offset": 0}, 422, "in digits"),
        ({"file": "1", "offset": "-1"}, 422, "in digits"),
    ],
)
def test_a_wrong_upload_gets_a_sentence(clerk: Staff, query: dict[str, Any], status: int, sentence: str) -> None:
    FileImport.objects.create(pk=1, name="a.csv", size=3, by="clerk")
    found, said = send(clerk, query)
    assert (found, sentence in said["message"]) == (status, True)


def test_more_than_was_announced_and_files_of_others_are_refused(clerk: Staff, admin: Staff) -> None:
    _, said = send(clerk, {"name": "a.csv", "size": 3})
    assert send(clerk, {"file": said["file"], "offset": 0}, b"abcd")[0] == 422
    answer: Any = admin.client.post(f"{UPLOAD}?file={said['file']}&offset=0", b"abc", content_type="text/plain")
    assert answer.status_code == 404


def test_a_full_disk_gets_a_sentence(clerk: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interactions.importing.files.shutil.disk_usage", lambda _: type("Usage", (), {"free": 1}))
    assert "too little for a.csv" in send(clerk, {"name": "a.csv", "size": 3})[1]["message"]


def test_an_empty_form_gets_a_sentence(clerk: Staff) -> None:
    assert "Choose a file." in clerk.follow(clerk.post(PAGE))
    assert "a.csv is empty." in clerk.follow(clerk.post(PAGE, file=SimpleUploadedFile("a.csv", b"")))


def test_files_on_the_server_are_read_only_where_a_setting_allows_it(
    clerk: Staff, settings: Any, tmp_path: Path, django_capture_on_commit_callbacks: Callbacks
) -> None:
    allowed, other = tmp_path / "allowed", tmp_path / "other"
    for folder in (allowed, other):
        folder.mkdir()
        (folder / "ratings.csv").write_text(RATINGS)
    (allowed / "link.csv").symlink_to(other / "ratings.csv")
    assert "Or its path on the server" not in clerk.page(PAGE)
    refused = "The server may not read there"
    assert refused in clerk.follow(clerk.post(PAGE, server_path=str(allowed / "ratings.csv")))
    settings.IMPORT_FOLDERS = [allowed]
    assert "Or its path on the server" in clerk.page(PAGE)
    for path in (
        "/etc/passwd",
        str(other / "ratings.csv"),
        str(allowed / "../other/ratings.csv"),
        str(allowed / "link.csv"),
    ):
        assert refused in clerk.follow(clerk.post(PAGE, server_path=path))
    (allowed / "empty.csv").touch()
    assert "empty.csv is empty." in clerk.follow(clerk.post(PAGE, server_path=str(allowed / "empty.csv")))
    assert "No such file" in clerk.follow(clerk.post(PAGE, server_path=str(allowed / "nothing.csv")))
    clerk.post(PAGE, server_path=str(allowed / "ratings.csv"))
    row = FileImport.objects.get()
    check(clerk, row, django_capture_on_commit_callbacks)
    assert outcome(row, "checked")["rows"] == 2
    files.discard(row, actor=SYSTEM)
    assert (allowed / "ratings.csv").exists()


class Files(BaseHTTPRequestHandler):
    """A server with one file; /elsewhere leads away from it, and /short breaks off."""

    def do_GET(self) -> None:
        body = RATINGS.encode()
        self.send_response(302 if self.path == "/elsewhere" else 404 if self.path == "/nothing" else 200)
        self.send_header("Location", "http://127.0.0.1:1/other.csv")
        self.send_header("Content-Length", str(len(body) + 10 * (self.path == "/short")))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def elsewhere(settings: Any) -> Iterator[str]:
    """The address of another server from which files may be fetched."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    thread = Thread(target=server.serve_forever)
    thread.start()
    settings.IMPORT_HOSTS = ["127.0.0.1"]
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(staff: Staff, url: str, callbacks: Callbacks) -> tuple[FileImport, Job]:
    with callbacks(execute=True):
        staff.post(PAGE, url=url)
    done = work()
    return FileImport.objects.latest("pk"), done


def test_a_file_is_fetched_from_a_host_that_a_setting_allows(
    clerk: Staff, elsewhere: str, django_capture_on_commit_callbacks: Callbacks
) -> None:
    assert "Or its address on another server" in clerk.page(PAGE)
    row, done = fetch(clerk, f"{elsewhere}/ratings.csv", django_capture_on_commit_callbacks)
    assert (done.state, row.name, row.is_whole) == ("succeeded", "ratings.csv", True)
    assert "u1 i1 rating 5" in clerk.page(at(row))


@pytest.mark.parametrize(
    ("path", "sentence"),
    [("/elsewhere", "give the address of the file itself"), ("/nothing", "answered 404."), ("/short", "broke off")],
)
def test_what_can_not_be_fetched_gets_a_sentence_and_another_attempt(
    clerk: Staff, elsewhere: str, path: str, sentence: str, django_capture_on_commit_callbacks: Callbacks
) -> None:
    row, done = fetch(clerk, f"{elsewhere}{path}", django_capture_on_commit_callbacks)
    assert (done.state, sentence in done.message, row.is_whole) == ("failed", True, False)
    page = clerk.page(at(row))
    assert sentence in page
    assert "Fetch it again" in page
    assert "could not be fetched yet" in clerk.follow(press(clerk, row, "check"))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://metadata.internal/x.csv", "IMPORT_HOSTS names the hosts"),
        ("file:///etc/passwd", "begins with https://"),
        ("http://me:secret@127.0.0.1/x.csv", "without a name and a password"),
        ("http://[::1/x.csv", "begins with https://"),
    ],
)
def test_other_addresses_are_refused(clerk: Staff, settings: Any, url: str, sentence: str) -> None:
    assert "Or its address" not in clerk.page(PAGE)
    settings.IMPORT_HOSTS = ["127.0.0.1"]
    assert sentence in clerk.follow(clerk.post(PAGE, url=url))
    assert not FileImport.objects.exists()


def test_old_files_are_deleted_and_say_so(clerk: Staff, settings: Any) -> None:
    old, fresh, busy = (bring(clerk, RATINGS, f"{name}.csv") for name in ("old", "fresh", "busy"))
    busy.job = jobs.create("import", "Import busy.csv")
    busy.save()
    long_ago = timezone.now() - timedelta(days=settings.IMPORT_KEPT_DAYS, minutes=1)
    FileImport.objects.filter(pk__in=[old.pk, busy.pk]).update(created_at=long_ago)
    tasks.discard_stale_uploads()
    assert [files.file_of(row).exists() for row in (old, fresh, busy)] == [False, True, True]
    assert "The file is not kept any more" in clerk.page(at(old))
    assert "bring it again" in clerk.follow(clerk.post(at(old), load=""))
