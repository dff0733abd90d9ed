from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from recsite.platform import errors
from recsite.platform.models import Job


@never_cache
def job_status(request: HttpRequest, job_id: int) -> JsonResponse:
    """How far a job is, for the progress bars of staff."""
    if not (request.user.is_active and request.user.is_staff):
        return errors.respond(403, "forbidden", "Only staff can see jobs. Sign in to the admin.")
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        return errors.respond(404, "not_found", f"There is no job {job_id}.")
    return JsonResponse(job.as_status())
