"""The nginx that is shipped, before a real web process: each of its promises."""

import gzip
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic

import pytest
from django.conf import settings
from django.urls import URLResolver, get_resolver, reverse
from pytest_django import DjangoDbBlocker

from deploy.rehearsal.front import HOST, NGINX, TEMPLATE, Front, front, self_signed
from recsite.local.paths import PROJECT
from recsite.local.server import free_port
from recsite.platform import issuing
from recsite.platform.access import Scope
from recsite.platform.audit import SYSTEM
from recsite.platform.error_shape import CODES
from recsite.platform.issuing import KeySettings
from recsite.platform.models import ApiKey, AuditEntry, Job
from tests.outages import wait_until
from tests.web import Web, web_server

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not NGINX, reason="nginx isn't installed (Debian's package nginx)"),
]
ROW = b'{"item_id": "from-nginx", "title": "A book"}\n'


class Echo(BaseHTTPRequestHandler):
    """Answer with the headers that came; a body is counted as it comes."""

    protocol_version = "HTTP/1.1"
    seen_by: set[int] = set()

    def do_GET(self) -> None:
        Echo.seen_by.add(self.client_address[1])
        content = json.dumps({name.lower(): text for name, text in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


@pytest.fixture(scope="module")
def before_echo(echo: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with front(tmp_path_factory.mktemp("echo"), echo) as found:
        yield found


@pytest.fixture(scope="module")
def web(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Web]:
    with (
        django_db_blocker.unblock(),
        web_server(
            tmp_path_factory.mktemp("web"), TRUSTED_PROXY_COUNT="1", ALLOWED_HOSTS=f"{HOST},127.0.0.1", API_WORKERS="1"
        ) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def product(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with front(tmp_path_factory.mktemp("front"), web.port) as found:
        yield found


@pytest.fixture(scope="module")
def key(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with django_db_blocker.unblock():
        _, text = issuing.create(KeySettings("nginx", [Scope.READ, Scope.WRITE, Scope.OPERATE]), SYSTEM)
        yield f"Api-Key {text}"
        # The web process commits what it does: the next tests of this database know nothing of it.
        for model in (ApiKey, AuditEntry, Job):
            model.objects.all().delete()


def test_every_name_has_a_value_in_what_is_shipped() -> None:
    named = set(re.findall(r"\$\{(\w+)\}", TEMPLATE.read_text(encoding="utf-8")))
    compose = (TEMPLATE.parents[1] / "compose" / "compose.yaml").read_text(encoding="utf-8")
    assert {name for name in named if f"{name}:" not in compose} == set()


@pytest.mark.skipif(not shutil.which("envsubst"), reason="envsubst isn't installed (Debian's package gettext-base)")
def test_the_page_of_a_bare_machine_makes_a_file_that_debians_unit_can_start(tmp_path: Path) -> None:
    page = (PROJECT / "docs" / "DEPLOY.md").read_text(encoding="utf-8")
    found = re.search(r"```\n(export NGINX_TMP.*?/etc/nginx/nginx\.conf)\n", page, re.DOTALL)
    assert found
    certificate, key = self_signed(tmp_path)
    config, elsewhere = tmp_path / "nginx.conf", tmp_path / "elsewhere"
    elsewhere.mkdir()
    script = found[1].replace("/etc/nginx/nginx.conf", str(config)).replace("/opt/recsite", str(PROJECT))
    script = script.replace("/etc/ssl/recsite.crt", str(certificate)).replace("/etc/ssl/recsite.key", str(key))
    script = script.replace("PORT=80 ", f"PORT={free_port()} ").replace("PORT=443 ", f"PORT={free_port()} ")
    subprocess.run(["sh", "-euc", script], cwd=PROJECT, check=True)
    made = config.read_text(encoding="utf-8")
    assert "\npid /run/nginx.pid;\n" in made, "Debian's unit waits for this file"
    assert "daemon off" not in made
    for outside in ("/var/lib/nginx/recsite", "/var/log/nginx", "/run/nginx.pid"):
        made = made.replace(outside, str(elsewhere / Path(outside).name))
    config.write_text(made, encoding="utf-8")
    (elsewhere / "recsite").mkdir()
    (elsewhere / "nginx").mkdir()
    # As under systemd: standard output is a socket, which can't be opened by name.
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert NGINX
        command = [NGINX, "-t", "-p", str(tmp_path), "-e", str(tmp_path / "error.log"), "-c", str(config)]
        done = subprocess.run(command, stdout=theirs.fileno(), stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_not_encrypted_is_sent_to_tls_and_old_tls_is_refused(product: Front) -> None:
    answer = product.ask_plainly("/browse?q=a")
    assert answer.status == 308
    assert answer.headers["location"] == f"https://{HOST}:{product.https_port}/browse?q=a"
    assert product.ask_plainly("/ping").status == 200
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.deprecated_call():
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", product.https_port), 5) as plain, pytest.raises(ssl.SSLError):
        old.wrap_socket(plain)


def test_the_real_address_is_handed_on_and_what_the_client_wrote_is_not(before_echo: Front) -> None:
    seen = json.loads(
        before_echo.ask(
            "/anything",
            X_Forwarded_For="6.6.6.6",
            X_Forwarded_Proto="http",
            X_Forwarded_Host="evil.test",
            Forwarded="for=6.6.6.6",
        ).body
    )
    assert (seen["x-forwarded-for"], seen["x-forwarded-proto"], seen["host"]) == ("127.0.0.1", "https", HOST)
    assert "x-forwarded-host" not in seen
    assert "forwarded" not in seen


def test_connections_to_the_web_process_are_kept(before_echo: Front) -> None:
    Echo.seen_by.clear()
    for _ in range(10):
        before_echo.ask("/anything")
    assert len(Echo.seen_by) < 5


def test_half_sent_requests_hold_up_nobody(product: Front) -> None:
    half = b"POST /api/v1/interactions HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 1000\r\n\r\n{"
    held = []
    for _ in range(16):
        plain = socket.create_connection(("127.0.0.1", product.https_port), 5)
        context = ssl._create_unverified_context()
        held.append(context.wrap_socket(plain))
        held[-1].sendall(half)
    started = monotonic()
    assert product.ask("/ping").status == 200
    assert product.ask("/api/v1/items").status == 401
    assert monotonic() - started < 2
    for one in held:
        one.close()


def test_a_large_body_is_refused_but_for_bulk_and_the_upload(product: Front, key: str) -> None:
    large = b"x" * 12_000_000
    refused = product.ask("/api/v1/interactions", "POST", large, Authorization=key)
    assert (refused.status, "x-request-id" in refused.headers) == (413, False), "nginx refuses it, not the product"
    assert "items/bulk" in json.loads(refused.body)["error"]["message"]
    assert json.loads(refused.body)["error"]["code"] == CODES[413]
    lines = ROW * (12_000_000 // len(ROW))
    answer = product.ask("/api/v1/items/bulk", "POST", lines, Authorization=key, Content_Type="application/x-ndjson")
    assert answer.status == 202, answer.body[:300]
    assert "x-request-id" in product.ask(reverse("import-upload"), "POST", large).headers


def test_the_exceptions_are_addresses_of_the_product() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    lifted = re.findall(r"location (=|~) (\S+) \{\s+client_max_body_size 0;", text)
    assert lifted == [("~", "^/api/v1/(items|users)/bulk$"), ("=", reverse("import-upload"))]
    assert [reverse(name) for name in ("items-bulk", "users-bulk")] == ["/api/v1/items/bulk", "/api/v1/users/bulk"]
    limit = re.search(r"client_max_body_size (\d+)m;", text)
    assert limit
    assert int(limit[1]) * 1024 * 1024 > settings.MAX_REQUEST_SIZE


def test_long_headers_are_refused(product: Front) -> None:
    assert product.ask("/ping", X_Long="x" * 9000).status == 400
    assert product.ask(f"/{'x' * 9000}").status == 414


def test_answers_are_compressed(product: Front) -> None:
    answer = product.ask("/api/schema/", Accept_Encoding="gzip", Accept="application/json")
    assert (answer.status, answer.headers.get("content-encoding")) == (200, "gzip")
    assert gzip.decompress(answer.body).startswith(b"{")


def test_metrics_and_the_parts_of_health_are_for_inside(product: Front, web: Web, tmp_path: Path) -> None:
    assert product.ask("/metrics").status == 200
    assert "parts" in json.loads(product.ask("/health").body)
    with front(tmp_path / "outside", web.port, NGINX_INSIDE="127.0.0.0/8 0;") as outside:
        assert outside.ask("/metrics").status == 404
        assert json.loads(outside.ask("/health").body) == {"status": "ok"}
        assert outside.ask("/ping").status == 200


def test_floods_from_one_address_are_refused(echo: int, tmp_path: Path) -> None:
    with front(tmp_path / "flood", echo, NGINX_RATE="5", NGINX_BURST="10") as found:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: found.ask("/anything"), range(60)))
        assert [answer.status for answer in answers].count(200) >= 10
        refused = next(answer for answer in answers if answer.status == 429)
        assert (json.loads(refused.body)["error"]["code"], refused.headers["retry-after"]) == (CODES[429], "1")
        guesses = [found.ask("/admin/login/", "GET").status for _ in range(3)]
        assert set(guesses) <= {200, 429}


def test_while_nobody_serves_users_get_a_page_and_clients_json(tmp_path: Path) -> None:
    with front(tmp_path / "away", free_port(), free_port()) as found:
        page = found.ask("/", Accept="text/html,application/xhtml+xml")
        assert (page.status, page.headers["retry-after"]) == (503, "5")
        assert b"Back in a moment" in page.body
        assert page.headers["content-type"] == "text/html"
        answer = found.ask("/api/v1/items", "POST", b"{}", Accept="application/json")
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert json.loads(answer.body)["error"]["code"] == "unavailable"
        assert found.ask("/nobody-serves/page").status == 404


def test_one_process_that_is_away_is_noticed_by_nobody(echo: int, tmp_path: Path) -> None:
    with front(tmp_path / "half", free_port(), echo) as found:
        assert {found.ask("/anything").status for _ in range(20)} == {200}
        for path in ("/api/v1/items/bulk", reverse("import-upload")):
            assert {found.ask(path, "POST", ROW).status for _ in range(20)} == {200}, path


def test_a_503_of_the_product_is_handed_on(product: Front) -> None:
    answer = product.ask("/api/outage")
    assert answer.status == 503
    assert json.loads(answer.body)["error"]["code"] != ""
    assert "request_id" in json.loads(answer.body)


def test_a_line_of_the_log_is_json_without_query(product: Front) -> None:
    product.ask("/browse?q=secret-words")
    log = product.folder / "nginx.log"
    # nginx writes the line after the answer has left.
    wait_until(lambda: '"path":"/browse"' in log.read_text())
    lines = [json.loads(line) for line in log.read_text().splitlines() if line[:1] == "{"]
    (line,) = [line for line in lines if line["path"] == "/browse"]
    assert line["status"] == 200
    assert line["request_id"]
    assert "secret-words" not in json.dumps(lines)


def test_a_line_of_the_log_names_no_user(product: Front) -> None:
    # Every address of the product that a user's id stands in.
    named = [pattern for pattern in patterns(get_resolver()) if "user_id>" in pattern]
    assert len(named) > 10
    for pattern in named:
        product.ask("/" + re.sub(r"<[^>]*user_id>", "ada.lovelace", re.sub(r"<(?!\w*:?user_id)[^>]+>", "one", pattern)))
    log = product.folder / "nginx.log"
    wanted = ('"path":"/api/v1/recommendations/users/~"', '"path":"/gorse/api/recommend/~"')
    wait_until(lambda: all(path in log.read_text() for path in wanted))
    assert "ada.lovelace" not in log.read_text()


def patterns(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one, before + str(one.pattern))
        else:
            yield before + str(one.pattern)
