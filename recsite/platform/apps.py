from importlib import import_module

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class PlatformConfig(AppConfig):
    name = "recsite.platform"
    label = "platform"
    verbose_name = "Running it"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Extensions of drf-spectacular register themselves when they are imported.
        import_module("recsite.platform.schema")
        # So does the converter that the addresses of items and users use.
        import_module("recsite.platform.addresses")
        user_logged_in.connect(import_module("recsite.platform.staff_sessions").note)
