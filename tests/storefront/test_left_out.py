"""Production can leave the demo storefront out."""

from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.web import web_server


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_without_the_storefront_the_start_page_leads_to_the_admin(tmp_path: Path) -> None:
    with web_server(tmp_path, STOREFRONT_ENABLED="false") as web:
        with urlopen(f"{web.url}/", timeout=20) as answer:
            assert "/admin/" in answer.url
        assert web.get("/browse")[0] == 404
        assert web.get("/api/v1/recommendations/popular")[0] == 401, "The API stays."


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_storefront_is_there_by_default(tmp_path: Path) -> None:
    with web_server(tmp_path) as web:
        assert web.get("/browse")[0] == 200
