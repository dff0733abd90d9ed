"""No message goes to an address inside, whatever its name and however it is written."""

import socket
import threading
from typing import Any

import pytest

from recsite.platform.audit import Actor
from recsite.platform.exceptions import Invalid
from recsite.platform.models import WebhookDelivery, WebhookEndpoint
from recsite.platform.webhooks import delivering, endpoints, outbox, targets
from recsite.platform.webhooks.endpoints import EndpointSettings
from recsite.platform.webhooks.targets import CannotSend
from tests.webhooks.receiver import Receiver

CLERK = Actor.command("tests")
PRIVATE = [
    "127.0.0.1",
    "127.1.2.3",
    "::1",
    "::ffff:127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "fd00::1",
    "fec0::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
]
NEVER = [
    "169.254.169.254",
    "169.254.1.1",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
]
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_a_setting(address: str, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = False
    assert not targets.is_allowed(address)
    settings.WEBHOOK_PRIVATE_NETWORKS = True
    assert targets.is_allowed(address)


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("allows", [True, False])
def test_link_local_and_metadata_addresses_are_always_refused(address: str, allows: bool, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = allows
    assert not targets.is_allowed(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = False
    assert targets.is_allowed(address)


def test_a_name_is_judged_by_all_its_addresses(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = False
    found = ["93.184.216.34", "10.0.0.1"]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (address, 443)) for address in found])
    target = targets.parse("https://shop.example/hooks")
    with pytest.raises(CannotSend, match="private, local or reserved"):
        targets.resolve(target)
    found.pop()
    assert targets.resolve(target) == ["93.184.216.34"]


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f000001", "127.1"])
def test_other_ways_to_write_this_machine_are_refused_once_resolved(host: str, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = False
    with pytest.raises(CannotSend):
        targets.resolve(targets.parse(f"https://{host}/"))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The name server: it knows these, and no others."""
    known = {"shop.example": "93.184.216.34", "inside.example": "169.254.169.254"}

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        if host not in known:
            raise socket.gaierror("unknown")
        return [(0, 0, 0, "", (known[host], port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


def make(url: str) -> WebhookEndpoint:
    return endpoints.create(EndpointSettings(url, ["job.failed"]), actor=CLERK)


@pytest.mark.django_db
def test_a_name_that_leads_inside_is_refused_at_once(names: dict[str, str]) -> None:
    with pytest.raises(Invalid, match="private, local or reserved"):
        make("https://inside.example/hooks")
    endpoint = make("https://shop.example/hooks")
    assert endpoint.warning == ""
    endpoint.url = "https://inside.example/hooks"
    with pytest.raises(Invalid, match="private, local or reserved"):
        endpoints.change(endpoint, actor=CLERK)


@pytest.mark.django_db
def test_a_name_that_nobody_knows_is_taken_with_a_warning(names: dict[str, str]) -> None:
    endpoint = make("https://new.example/hooks")
    assert endpoint.warning == targets.UNKNOWN.format("new.example")
    row = WebhookEndpoint.objects.get()
    row.description = "Soon"
    # Its address is the same: it is not looked up again.
    assert endpoints.change(row, actor=CLERK).warning == ""
    row.url = "https://newer.example/hooks"
    assert endpoints.change(row, actor=CLERK).warning == targets.UNKNOWN.format("newer.example")


def test_nobody_waits_long_for_a_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()
    monkeypatch.setattr(targets, "LOOKED_UP_SECS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [asked.wait(30)][:0])
    assert targets.doubt(targets.parse("https://shop.example/")) == targets.UNKNOWN.format("shop.example")
    asked.set()


WRONG = {
    "": "An address such as",
    "shop.example/hooks": "An address such as",
    "ftp://shop.example/": "An address such as",
    "https://": "An address such as",
    "https://shop.example:99999/": "An address such as",
    "https://[fe80::1%25eth0]/": "An address such as",
    "https://shop.example/a b": "none of them blank",
    "https://shop.example/\r\nX: 1": "none of them blank",
    "https://" + "a" * 2_000: "At most 2,000 characters",
    "https://me:secret@shop.example/": "Leave out user, password",
    "https://shop.example/#top": "Leave out user, password",
    "http://shop.example/": "https is needed",
    "https://10.0.0.1/": "private, local or reserved",
    "https://[::1]/": "private, local or reserved",
    "https://metadata.google.internal/computeMetadata/v1/": "private, local or reserved",
    "https://METADATA.google.internal./": "private, local or reserved",
}


@pytest.mark.django_db
@pytest.mark.parametrize(("url", "sentence"), WRONG.items(), ids=range(len(WRONG)))
def test_a_wrong_url_is_refused_with_a_sentence(url: str, sentence: str, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = False
    with pytest.raises(Invalid, match=sentence) as refused:
        endpoints.create(EndpointSettings(url, ["job.failed"]), actor=CLERK)
    assert refused.value.errors.keys() == {"url"}
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("names", [[], ["model.trained"], ["webhook.test"], ["job.failed", "x"]])
def test_unknown_events_are_refused(names: list[str]) -> None:
    with pytest.raises(Invalid, match="Choose one or more of model"):
        endpoints.create(EndpointSettings("https://shop.example/", names), actor=CLERK)


def test_what_was_allowed_once_is_judged_anew_at_each_attempt(
    endpoint: WebhookEndpoint, shop: Receiver, settings: Any
) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = False
    WebhookEndpoint.objects.update(url=shop.url.replace("http:", "https:").replace("127.0.0.1", "localhost"))
    outbox.publish("model.promoted", {})
    delivering.deliver(endpoint.pk)
    assert shop.messages == []
    assert WebhookDelivery.objects.get().error == targets.INSIDE
