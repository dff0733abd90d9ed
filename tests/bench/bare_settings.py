"""The product's settings; with BENCH_BARE, no middleware at all."""

import os

from allauth.account.apps import AccountConfig

from recsite.settings import *  # noqa: F403 - a settings module takes over every name

ROOT_URLCONF = "tests.bench.bare_urls"
if os.environ.get("BENCH_BARE"):
    MIDDLEWARE = []
    # It refuses to start without its middleware, which nothing here needs.
    AccountConfig.ready = lambda _: None
