"""The product's settings for a worker that knows the task of `tests.platform.lasting`."""

from recsite.settings import *  # noqa: F403 - a settings module takes over every name
from recsite.settings import CELERY_IMPORTS as PRODUCTS

CELERY_IMPORTS = (*PRODUCTS, "tests.platform.lasting")
