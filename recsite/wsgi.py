import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from recsite.platform import bodies, patience

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")

application = bodies.with_length(get_wsgi_application(), settings.MAX_REQUEST_SIZE)
patience.limit(settings.DATABASE_PATIENCE_SECS)
# Django would import what answers with the first request, which would wait for all of it.
import_module(settings.ROOT_URLCONF)
