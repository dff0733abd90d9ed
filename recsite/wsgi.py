import os
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from recsite.platform import query_timeout
from recsite.platform.request_body import with_bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")

# Before anything connects: each connection tells the server the limit when it is made.
query_timeout.set_limit(settings.DATABASE_PATIENCE_SECS, tells_server=not settings.DATABASE_DIRECT_URL)
application = with_bodies(get_wsgi_application(), settings.MAX_REQUEST_SIZE)
# Django would import what answers with the first request, which would wait for all of it.
import_module(settings.ROOT_URLCONF)


def begin() -> None:
    """Begin what goes on beside the requests: its threads would not outlive a fork."""
    # Of a large catalogue the first reading takes seconds: it begins before the first request.
    import_module("catalog.snapshot").prepare()
    processes: Any = import_module("recommender.serving.processes")
    processes.begin(processes.WEB)


if not settings.API_PRELOAD:
    begin()
