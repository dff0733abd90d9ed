"""Pages of other projects' apps, in the look and the words of this admin."""

from copy import copy
from http import HTTPStatus
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangosUserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
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
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from recsite.console import items as items
from recsite.console import schedule
from recsite.platform import audit, second_factor
from recsite.platform.audit import Actor
from recsite.platform.audited_admin import AuditedAdmin
from recsite.platform.console import dialog, leave_dialog
from recsite.platform.humanize import ago

admin.site.index_title = "Overview"

for model in (User, Group, ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(model)
# What signing in keeps is shown on the account, or is nobody's to see.
for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


class RenamedAdmin(AuditedAdmin):
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
    audited_as, audited_by, untold = "staff", "username", ("password",)
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    actions_detail = ("remove_second_factor",)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to take a second factor away where the account has one."""
        user = self.get_object(request, str(object_id)) if object_id else None
        return super().get_actions_detail(request, object_id) if user and second_factor.is_set_up(user) else []

    @action(
        description="Take the second factor away",
        permissions=["change"],
        dialog=dialog(
            "Take the second factor away?",
            "For somebody who has lost their phone. They sign in by password alone, until they set up another one.",
            "Take it away",
        ),
    )
    def remove_second_factor(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Let somebody in again who has lost their phone; with SECOND_FACTOR=required they set up another one."""
        user = self.get_object(request, str(object_id))
        if user and second_factor.remove(user, Actor.staff(request)):
            messages.success(request, f"{user.get_username()} signs in by password alone now.")
        return leave_dialog(request, "admin:auth_user_change", object_id)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's
        """Record that somebody got another password, or none."""
        user = self.get_object(request, unquote(id))
        with transaction.atomic():
            response: HttpResponse = super().user_change_password(request, id, form_url)
            if user and not User.objects.filter(pk=user.pk, password=user.password).exists():
                self.record(request, user, "set_password")
        return response


def own_password(request: HttpRequest) -> HttpResponse:
    """Let staff change their own password, and record that they did; the page is Django's."""
    with transaction.atomic():
        response: HttpResponse = admin.site.password_change(request)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            audit.record(Actor.staff(request), "staff.set_password", "staff", request.user.get_username())
    return response


@admin.register(Group)
class GroupAdmin(DjangosGroupAdmin, RenamedAdmin):
    """Show the roles of staff. Migrations make those of `recsite.roles`; what staff change in them stays."""

    renamed = ("role", "roles")
    audited_as, audited_by = "role", "name"
    empty = "Every role was deleted: add one, which is a set of permissions that staff share."


WHEN = ("interval", "crontab", "start_time", "one_off", "last_run_at")
OTHER_TIMES = ("solar", "clocked")
"""Kinds of schedule that the library offers and nothing here uses: shown on a row that has one."""


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
    audited_as, audited_by = "schedule", "name"
    empty = "Beat has not run yet: it writes its schedule here when it starts."
    form = TaskForm
    list_display = ("name", "enabled", "every", "last_run", "next_run", "total_run_count")
    list_select_related = ("interval", "crontab", "solar", "clocked")
    sortable_by = ()
    fieldsets = (
        (None, {"fields": ("name", "enabled", "description", "regtask", "task")}),
        ("When", {"fields": WHEN}),
        ("Arguments", {"fields": ("args", "kwargs")}),
        ("For engineers", {"fields": ("expires", "expire_seconds", "queue", "priority"), "classes": ("collapse",)}),
    )
    actions = ("enable_tasks", "disable_tasks", "run_tasks")

    def get_fieldsets(self, request: HttpRequest, obj: PeriodicTask | None = None) -> Any:
        """Add the kind of schedule that a row has to those that staff choose from."""
        used = tuple(name for name in OTHER_TIMES if obj and getattr(obj, name))
        found = [(name, dict(options)) for name, options in self.fieldsets]
        for name, options in found:
            if name == "When":
                options["fields"] = (*used, *WHEN)
        return found

    @display(description="last run")
    def last_run(self, task: PeriodicTask) -> str:
        return ago(task.last_run_at)

    @display(description="every")
    def every(self, task: PeriodicTask) -> str:
        return schedule.every(task)

    @display(description="next run")
    def next_run(self, task: PeriodicTask) -> str:
        return schedule.next_run(task)

    @admin.action(description="Switch on", permissions=["change"])
    def enable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._switch(request, queryset, True)

    @admin.action(description="Switch off", permissions=["change"])
    def disable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._switch(request, queryset, False)

    @transaction.atomic
    def _switch(self, request: HttpRequest, queryset: QuerySet[PeriodicTask], is_on: bool) -> None:
        for task in queryset.exclude(enabled=is_on):
            self.record(request, task, "change", before={"enabled": not is_on}, after={"enabled": is_on})
        if is_on:
            super().enable_tasks(request, queryset)
        else:
            super().disable_tasks(request, queryset)
        self.log_verb(request, queryset, "Switched on." if is_on else "Switched off.")

    @admin.action(description="Run now", permissions=["change"])
    def run_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        try:
            super().run_tasks(request, queryset)
        except OperationalError:
            messages.error(request, "The queue can't be reached, so nothing was started: check that Redis is running.")
            return
        if all(task.task in self.celery_app.tasks for task in queryset):
            self.log_verb(request, queryset, "Run by hand.")
            for task in queryset:
                self.record(request, task, "run")


@admin.register(ClockedSchedule, CrontabSchedule, IntervalSchedule, SolarSchedule)
class ScheduleAdmin(AuditedAdmin):
    audited_as = "schedule time"
