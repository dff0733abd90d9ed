"""The product's settings; with BENCH_BARE, no middleware at all, django-prometheus apart."""

import os

from recsite.settings import *  # noqa: F403 - a settings module takes over every name
from recsite.settings import MIDDLEWARE as PRODUCTS

ROOT_URLCONF = "tests.bench.bare_urls"
if os.environ.get("BENCH_BARE"):
    MIDDLEWARE = [name for name in PRODUCTS if name.startswith("django_prometheus.")]
