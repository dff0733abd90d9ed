from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from recsite.platform.errors import Failure
from recsite.platform.models import Job


@never_cache
def job_status(request: HttpRequest, job_id: int) -> JsonResponse:
    """How far a job is, for the progress bars of staff."""
    if not (request.user.is_active and request.user.is_staff):
        return Failure(403, "Only staff can see jobs. Sign in to the admin.").as_json()
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        return Failure(404, f"There is no job {job_id}.").as_json()
    return JsonResponse(job.as_status())
