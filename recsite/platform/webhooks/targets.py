"""Say where messages may go: no address inside, so that nobody reaches our own servers by way of a webhook."""

import re
import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from django.conf import settings

from recsite.platform.webhooks.models import LONGEST_URL

HTTP_PORTS = {"http": 80, "https": 443}
VISIBLE = re.compile(r"[!-~]+")
NAT64 = IPv6Network("64:ff9b::/96")
METADATA = {
    ip_address(text)
    for text in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "169.254.169.254")
}
"""Where clouds tell a machine its credentials. Some look like any other address."""

METADATA_NAMES = {
    "instance-data",
    "instance-data.ec2.internal",
    "metadata",
    "metadata.azure.internal",
    "metadata.goog",
    "metadata.google.internal",
    "metadata.tencentyun.com",
}
"""Names of these places, which the clouds' own name servers know alone."""

LOOKED_UP_SECS = 2.0
"""How long somebody who makes a webhook waits for a name server."""

HOW = "An address such as https://shop.example/hooks is needed."
NO_ADDRESS = "There is no address for {}."
UNKNOWN = f"{NO_ADDRESS} Check the name: messages wait for it and are tried again for a day."
INSIDE = "It leads to a private, local or reserved address, where no message is sent."


class CannotSend(Exception):
    """Say in one sentence why no message can be sent to an address."""


@dataclass(frozen=True)
class Target:
    """Hold a URL, taken apart."""

    scheme: str
    host: str
    port: int
    path: str


def parse(url: str) -> Target:
    """Take a URL apart. Raises CannotSend for one that messages can't be sent to."""
    if len(url) > LONGEST_URL or not VISIBLE.fullmatch(url):
        raise CannotSend(f"{HOW} At most {LONGEST_URL:,} characters, none of them blank or outside ASCII.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise CannotSend(HOW) from error
    host = parts.hostname or ""
    if parts.scheme not in HTTP_PORTS or not host or port == 0 or "%" in host:
        raise CannotSend(HOW)
    if parts.username is not None or parts.fragment:
        raise CannotSend("Leave out user, password and what follows a #: messages are known by their signature.")
    if parts.scheme == "http" and not settings.WEBHOOK_PRIVATE_NETWORKS:
        raise CannotSend("https is needed: others could read what is sent.")
    if host.rstrip(".") in METADATA_NAMES or (_is_literal(host) and not is_allowed(host)):
        raise CannotSend(INSIDE)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or HTTP_PORTS[parts.scheme], path)


def doubt(target: Target) -> str:
    """Return why messages may not arrive at a target as things are now; empty where its name has an address.

    A name that nobody knows may be made tomorrow, and a name server may be away for a moment: that is no refusal.
    Raises CannotSend where the name leads inside.
    """
    refusals = list[CannotSend]()

    def look_up() -> None:
        try:
            resolve(target)
        except CannotSend as refusal:
            refusals.append(refusal)

    # Asking for a name has no time limit of its own.
    asking = threading.Thread(target=look_up, daemon=True)
    asking.start()
    asking.join(LOOKED_UP_SECS)
    if refusals and str(refusals[0]) == INSIDE:
        raise refusals[0]
    return UNKNOWN.format(target.host) if refusals or asking.is_alive() else ""


def resolve(target: Target) -> list[str]:
    """Return the addresses of a target, to be connected to as they are: asked again, a name may lead elsewhere.

    Raises CannotSend where there are none, or one of them is not allowed.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CannotSend(NO_ADDRESS.format(target.host)) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not all(map(is_allowed, addresses)):
        raise CannotSend(INSIDE)
    return addresses


def is_allowed(address: str) -> bool:
    """Tell whether messages may go to an IP address; private networks and this machine by a setting alone."""
    ip = _innermost(ip_address(address.partition("%")[0]))
    if ip in METADATA or ip.is_multicast or ip.is_unspecified or ip.is_link_local:
        return False
    allows_private: bool = settings.WEBHOOK_PRIVATE_NETWORKS
    if ip.is_loopback:
        return allows_private
    if ip.is_reserved:
        return False
    is_site_local = isinstance(ip, IPv6Address) and ip.is_site_local
    return (ip.is_global and not is_site_local) or allows_private


def _innermost(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that some IPv6 addresses stand for."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def shown(url: str) -> str:
    """Return the part of a URL that is no secret: scheme and host."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
