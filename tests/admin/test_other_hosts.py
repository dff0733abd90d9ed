"""No page asks another host for anything, and the browser is told to refuse what a library might try."""

import re
from urllib.parse import urlsplit

from tests.admin.staff import Staff
from tests.admin.test_every_page import every_page, filled  # noqa: F401 - a fixture
from tests.recommender.fixtures import Shop

LOADED = re.compile(
    r"""<(?:link|script|img|iframe|source|video|audio|embed|object|input)\b[^>]*?\b(?:src|href|data|srcset)=["']([^"']+)""",
    re.IGNORECASE,
)
IMPORTED = re.compile(r"""(?:@import|url\()\s*["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)
OPEN_PAGES = ("/", "/browse", "/people", "/api/docs/", "/api/redoc/", "/nothing-here", "/admin/nowhere/")


def elsewhere(html: str) -> list[str]:
    return [found for found in LOADED.findall(html) + IMPORTED.findall(html) if urlsplit(found).netloc]


def test_no_page_asks_another_host(admin: Staff, filled: Shop) -> None:  # noqa: F811
    asked = {}
    for address in (*OPEN_PAGES, f"/items/{filled.novels[0].item_id}", *every_page()):
        answer = admin.client.get(address, follow=True)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'self'" in policy.split("; "), address
        assert "//" not in policy, address
        if found := elsewhere(answer.content.decode()):
            asked[address] = found
    assert asked == {}


def test_the_search_finds_what_asks_another_host() -> None:
    html = '<link rel="preconnect" href="https://fonts.example"><style>@import "//cdn.example/a.css"</style>'
    assert elsewhere(html) == ["https://fonts.example", "//cdn.example/a.css"]
    assert elsewhere('<a href="https://example.com">out</a><script src="/static/a.js"></script>') == []
