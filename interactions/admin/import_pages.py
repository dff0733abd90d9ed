"""Bring a file, see how it is read, check it, import it: the steps of Imports."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from interactions import tasks
from interactions.admin import import_words
from interactions.admin.import_forms import ReadingForm
from interactions.importing import fetching, files, reading, taking_out
from interactions.importing.files import CannotTake
from interactions.importing.reading import CannotRead, Preview
from interactions.models import FileImport
from recsite.platform import jobs, workers
from recsite.platform.audit import Actor
from recsite.platform.models import Job
from recsite.platform.parts import Empty

SEE, BRING, DELETE = "interactions.view_fileimport", "interactions.add_fileimport", "interactions.delete_interaction"
LISTED = 50
PIECE = 4 * 1024**2
"""Bytes that the browser sends at once, where a request may have so many."""

NONE_YET = Empty("No file was brought yet.")
MAY_NOT = "You may look at imports, and not bring files."
NOT_WHOLE = "The file has not come to its end yet: choose it again on Imports, and it goes on."


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required(SEE, raise_exception=True)
def imports(request: HttpRequest) -> HttpResponse:
    """Show the files that were brought, and take another one: by a plain form, or by its path on the server."""
    if request.method == "POST":
        if not request.user.has_perm(BRING):
            raise PermissionDenied(MAY_NOT)
        try:
            return redirect("import-page", _taken(request).pk)
        except CannotTake as error:
            messages.error(request, str(error))
            return redirect("imports")
    rows = FileImport.objects.select_related("job")[:LISTED]
    context = {
        "rows": [(row, import_words.state(row), import_words.counted(row)) for row in rows],
        "empty": NONE_YET,
        "may_bring": request.user.has_perm(BRING),
        "folders": settings.IMPORT_FOLDERS,
        "hosts": settings.IMPORT_HOSTS,
        "most": settings.MAX_REQUEST_SIZE,
        "largest": settings.IMPORT_MAX_BYTES,
        "kept_days": settings.IMPORT_KEPT_DAYS,
        "piece": min(PIECE, settings.MAX_REQUEST_SIZE // 2),
    }
    return _page(request, "imports", context, "Imports")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required(SEE, raise_exception=True)
def import_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show the steps of one file; by POST do one of them."""
    row = get_object_or_404(FileImport.objects.select_related("job", "run"), pk=pk)
    may_bring = request.user.has_perm(BRING)
    if request.method == "POST":
        if not may_bring:
            raise PermissionDenied(MAY_NOT)
        return _changed(request, row)
    if by := request.GET.get("rejected"):
        return _rejected(request, row, by)
    form, shown = _read(row) if row.is_whole and may_bring and not row.is_at_work else (None, None)
    return _page(request, "import", _details(request, row, form, shown), row.name)


def _taken(request: HttpRequest) -> FileImport:
    """Take what the form brings. Raises CannotTake."""
    actor = Actor.staff(request)
    if "server_path" in request.POST:
        return files.take_path(request.POST["server_path"].strip(), actor=actor)
    if "url" in request.POST:
        row = fetching.begin(request.POST["url"].strip(), actor=actor)
        _fetch(request, row)
        return row
    sent = request.FILES.get("file")
    if sent is None:
        raise CannotTake("Choose a file.")
    row = files.begin(sent.name or "", sent.size or 0, actor=actor)
    files.append(row, 0, sent.chunks())
    return row


def _read(row: FileImport, data: Any = None) -> tuple[ReadingForm, Preview]:
    """Return the form with the columns of the file, and what its first lines are read as."""
    if not row.reading:
        row.reading = reading.first_reading(row)
        row.save(update_fields=["reading"])
    try:
        opened = reading.open_file(row)
    except CannotRead as error:
        return ReadingForm(row.reading, None, data), Preview(fault=str(error))
    form = ReadingForm(row.reading, reading.columns(opened), data)
    return form, Preview() if data is not None else reading.preview(row, opened)


def _changed(request: HttpRequest, row: FileImport) -> HttpResponse:
    """Do the step that a button asks for, and say so where it can't be done."""
    if row.is_at_work:
        messages.info(request, "A job is at work on this file: wait for its end, or cancel it.")
    elif "undo" in request.POST:
        _undo(request, row)
    elif "fetch" in request.POST and row.url:
        _fetch(request, row)
    elif not row.is_whole:
        messages.error(request, _why_not_whole(row))
    elif "read" in request.POST or "check" in request.POST:
        return _chosen(request, row)
    elif "discard" in request.POST:
        files.discard(row, actor=Actor.staff(request))
        messages.success(request, f"{row.name} is not kept any more. What it brought stays.")
    elif "load" in request.POST and not row.is_checked:
        messages.error(request, "Check the file as it is read now: an import is for what you have seen.")
    elif "load" in request.POST or "again" in request.POST:
        _start(request, row, tasks.import_load, f"Import {row.name}", again="again" in request.POST)
    return redirect("import-page", row.pk)


def _why_not_whole(row: FileImport) -> str:
    if row.discarded_at:
        return files.GONE
    return "The file could not be fetched yet." if row.url else NOT_WHOLE


def _chosen(request: HttpRequest, row: FileImport) -> HttpResponse:
    """Keep how the file is to be read, and check it where that was asked for."""
    form, shown = _read(row, request.POST)
    if not form.is_valid():
        return _page(request, "import", _details(request, row, form, shown), row.name)
    row.reading = form.reading()
    row.save(update_fields=["reading"])
    if "check" in request.POST:
        _start(request, row, tasks.import_check, f"Check {row.name}")
    return redirect("import-page", row.pk)


def _undo(request: HttpRequest, row: FileImport) -> None:
    if not request.user.has_perm(DELETE):
        raise PermissionDenied("Whoever may delete events may undo an import.")
    if obstacle := taking_out.obstacle(row):
        messages.error(request, obstacle)
    else:
        _start(request, row, tasks.import_undo, f"Undo the import of {row.name}")


def _fetch(request: HttpRequest, row: FileImport) -> None:
    _start(request, row, tasks.import_fetch, f"Fetch {row.name}")


def _start(request: HttpRequest, row: FileImport, task: Any, title: str, **arguments: Any) -> None:
    row.job = jobs.start(task, "import", title, actor=Actor.staff(request), pk=row.pk, **arguments)
    row.save(update_fields=["job"])


def _details(request: HttpRequest, row: FileImport, form: ReadingForm | None, shown: Preview | None) -> dict[str, Any]:
    job = row.job
    is_done = row.outcome is not None and row.undone_at is None
    return {
        "row": row,
        "state": import_words.state(row),
        "not_whole": "" if row.is_whole or row.is_at_work else _why_not_whole(row),
        "job": job,
        "job_said": (workers.what_keeps(job) or job.message or "At work.") if job else "",
        "job_failed": job is not None and job.state in (Job.State.FAILED, Job.State.CANCELLED, Job.State.SKIPPED),
        "may_see_job": job is not None
        and (request.user.has_perm("platform.view_job") or job.started_by_id == request.user.pk),
        "form": form,
        "fault": shown.fault if shown else "",
        "tables": import_words.tables(shown) if shown else [],
        "refused": shown.rejected if shown else [],
        "checked": import_words.result(row.checked) if row.checked else None,
        "outcome": import_words.result(row.outcome) if row.outcome else None,
        "is_done": is_done,
        "may_bring": request.user.has_perm(BRING),
        "may_undo": request.user.has_perm(DELETE),
        "undo_obstacle": taking_out.obstacle(row) if is_done else "",
    }


def _rejected(request: HttpRequest, row: FileImport, by: str) -> HttpResponseBase:
    """Give the lines that could not be used, which are those of the file: to who may bring files alone."""
    if not request.user.has_perm(BRING):
        raise PermissionDenied(MAY_NOT)
    path = files.rejected_of(row, by) if by in (files.CHECKED, files.IMPORTED) else None
    if path is None or not path.is_file():
        raise Http404("These lines are not kept any more: check the file again.")
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"rejected-of-{row.name}.csv")


def _page(request: HttpRequest, name: str, context: dict[str, Any], title: str) -> HttpResponse:
    frame = {**admin.site.each_context(request), "title": title}
    return TemplateResponse(request, f"admin/interactions/fileimport/{name}.html", frame | context)
