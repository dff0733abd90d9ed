"""Pages of other projects' apps, in the look and the words of this admin."""

from copy import copy
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangosUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat.admin import PeriodicTaskAdmin as BeatsTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from kombu.exceptions import OperationalError
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from recsite.platform.console import ConsoleAdmin
from recsite.platform.humanize import ago

admin.site.index_title = "Overview"

for model in (User, Group, ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(model)


class RenamedAdmin(ConsoleAdmin):
    """Show a model of another project under this product's name for it."""

    renamed: tuple[str, str]
    """Singular and plural."""

    def __init__(self, model: Any, admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        # The model's own options stay: a new name there would be a migration of an app that isn't ours.
        self.opts = copy(model._meta)
        self.opts.verbose_name, self.opts.verbose_name_plural = self.renamed


@admin.register(User)
class UserAdmin(DjangosUserAdmin, RenamedAdmin):
    """Show the accounts of staff, who sign in to the admin. A "user" is whom lists are made for."""

    renamed = ("staff account", "staff")
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(DjangosGroupAdmin, RenamedAdmin):
    renamed = ("role", "roles")
    empty = "No role has been made yet: a role is a set of permissions that staff share."


class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    template_name = "unfold/widgets/select.html"


class TaskForm(PeriodicTaskForm):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BeatsTaskAdmin, RenamedAdmin):
    """The tasks that beat starts, and when. The settings fill a new database; what staff change afterwards stays.

    A task of the product that staff delete comes back switched off when beat starts.
    """

    renamed = ("scheduled task", "scheduled tasks")
    empty = "Beat has not run yet: it writes its schedule here when it starts."
    form = TaskForm
    list_display = ("name", "enabled", "scheduler", "last_run", "total_run_count")
    sortable_by = ()
    actions = ("enable_tasks", "disable_tasks", "run_tasks")

    @display(description="last run")
    def last_run(self, task: PeriodicTask) -> str:
        return ago(task.last_run_at)

    @admin.action(description="Switch on", permissions=["change"])
    def enable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        super().enable_tasks(request, queryset)
        self.log_verb(request, queryset, "Switched on.")

    @admin.action(description="Switch off", permissions=["change"])
    def disable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        super().disable_tasks(request, queryset)
        self.log_verb(request, queryset, "Switched off.")

    @admin.action(description="Run now", permissions=["change"])
    def run_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        try:
            super().run_tasks(request, queryset)
        except OperationalError:
            messages.error(request, "The queue can't be reached, so nothing was started: check that Redis is running.")
            return
        if all(task.task in self.celery_app.tasks for task in queryset):
            self.log_verb(request, queryset, "Run by hand.")


@admin.register(ClockedSchedule, CrontabSchedule, IntervalSchedule, SolarSchedule)
class ScheduleAdmin(ConsoleAdmin):
    pass
