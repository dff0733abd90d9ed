from importlib import import_module

from celery.signals import heartbeat_sent
from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_login_failed
from django.core import checks
from django.db.models.signals import post_migrate

from recsite import connection_check, production, role_groups


class RecsiteConfig(AppConfig):
    name = "recsite"
    verbose_name = "recsite"

    def ready(self) -> None:
        checks.register(production.check)
        checks.register(connection_check.check, checks.Tags.database)
        user_login_failed.connect(import_module("recsite.sign_in.failures").log_failure)
        for signal, note in import_module("recsite.sign_in.second_factor").SIGNALS.items():
            signal.connect(note)
        import_module("recsite.console.cells").shorten()
        # Makes Celery's app the current one in every process, so that a task sent from a page finds the broker.
        import_module("recsite.celery")
        heartbeat_sent.connect(import_module("recsite.platform.workers").note)
        import_module("recsite.role_process").begin()
        import_module("recsite.platform.tracing").begin()
        # The signal is sent for one app after the other: by the last one all permissions are stored.
        post_migrate.connect(role_groups.make_roles, sender=list(apps.get_app_configs())[-1])
