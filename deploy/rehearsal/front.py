"""Run nginx with the file that is shipped, filled in as its image does it."""

import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from recsite.local.paths import PROJECT
from recsite.local.processes import wait_until
from recsite.local.server import free_port

TEMPLATE = PROJECT / "deploy" / "nginx" / "nginx.conf.template"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
MIME_TYPES = "/etc/nginx/mime.types"
HOST = "shop.test"
START_SECS = 20.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Front:
    """An nginx that runs."""

    http_port: int
    https_port: int
    folder: Path

    def connect(self) -> HTTPSConnection:
        return HTTPSConnection("127.0.0.1", self.https_port, timeout=20, context=ssl._create_unverified_context())

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        return _ask(self.connect(), path, method, body, headers)

    def ask_plainly(self, path: str) -> Answer:
        """Ask without TLS."""
        return _ask(HTTPConnection("127.0.0.1", self.http_port, timeout=20), path, "GET", None, {})


def _ask(client: HTTPConnection, path: str, method: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    client.request(
        method, path, body, {"Host": HOST, **{name.replace("_", "-"): text for name, text in headers.items()}}
    )
    answer = client.getresponse()
    try:
        return Answer(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())
    finally:
        client.close()


def filled_in(values: dict[str, str]) -> str:
    """Return the template as `envsubst` fills it in; a name without a value stays, and nginx refuses it."""
    return re.sub(r"\$\{(\w+)\}", lambda found: values.get(found[1], found[0]), TEMPLATE.read_text(encoding="utf-8"))


@contextmanager
def front(folder: Path, *web_ports: int, **values: str) -> Iterator[Front]:
    """Run nginx before web processes at these ports."""
    folder.mkdir(exist_ok=True)
    certificate, key = self_signed(folder)
    running = Front(free_port(), free_port(), folder)
    given = {
        "NGINX_TMP": str(folder),
        "NGINX_MIME_TYPES": MIME_TYPES,
        "NGINX_PAGES": str(TEMPLATE.parent),
        "NGINX_HTTP_PORT": f"127.0.0.1:{running.http_port}",
        "NGINX_HTTPS_PORT": f"127.0.0.1:{running.https_port}",
        "NGINX_PUBLIC_PORT": f":{running.https_port}",
        "NGINX_CERTIFICATE": str(certificate),
        "NGINX_CERTIFICATE_KEY": str(key),
        "NGINX_WEB_SERVERS": " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in web_ports),
        "NGINX_INSIDE": "",
        "NGINX_RATE": "1000",
        "NGINX_BURST": "1000",
        **values,
    }
    config = folder / "nginx.conf"
    config.write_text(filled_in(given), encoding="utf-8")
    assert NGINX
    command = [NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    with (folder / "nginx.log").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        if not wait_until(lambda: _listens(running), START_SECS):
            raise RuntimeError(f"nginx does not listen: see {folder}.")
        yield running
    finally:
        process.terminate()
        process.wait(20)


def _listens(running: Front) -> bool:
    try:
        return running.ask_plainly("/nothing").status > 0
    except OSError:
        return False


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "tls.crt", folder / "tls.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
