from importlib import import_module

from celery.signals import heartbeat_sent
from django.apps import AppConfig


class RecsiteConfig(AppConfig):
    name = "recsite"
    verbose_name = "recsite"

    def ready(self) -> None:
        # Makes Celery's app the current one in every process, so that a task sent from a page finds the broker.
        import_module("recsite.celery")
        heartbeat_sent.connect(import_module("recsite.platform.workers").note)
