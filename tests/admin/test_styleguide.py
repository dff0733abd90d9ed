"""The page of all parts: for who builds pages, and on no server that is in use."""

import re
from typing import Any

from tests.admin.staff import Staff

ADDRESS = "/admin/styleguide/"


def test_it_shows_every_part_with_what_it_breaks_at(settings: Any, viewer: Staff) -> None:
    settings.IS_DEMO = True
    markup = viewer.get(ADDRESS).content.decode()
    assert markup.count('class="rs-tile"') == 8
    assert markup.count('class="rs-plot"') == 11
    assert "No list was shown in these days: publish a placement." in markup
    assert "No data yet, because no event has arrived since the start." in markup
    assert "nan" not in re.sub(r"<[^>]+>", "", markup).lower().split()


def test_parts_need_neither_scripts_nor_styles_of_their_own(settings: Any, viewer: Staff) -> None:
    settings.IS_DEMO = True
    content = viewer.get(ADDRESS).content.decode().partition('id="content"')[2]
    own = content[content.index("rs-tiles") : content.index('id="numbers"')]
    assert " style=" not in own
    assert "<script" not in own
    assert " on" not in {name[:3] for name in re.findall(r" [a-z-]+=", own)}


def test_a_server_in_use_has_no_such_page(settings: Any, viewer: Staff) -> None:
    settings.IS_DEMO = settings.DEBUG = False
    assert viewer.get(ADDRESS).status_code == 404


def test_it_is_for_staff(settings: Any, client: Any) -> None:
    settings.IS_DEMO = True
    assert client.get(ADDRESS).status_code == 302
