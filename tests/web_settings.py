"""The product's settings, with addresses for tests."""

from recsite.settings import *  # noqa: F403

ROOT_URLCONF = "tests.web_urls"
