"""Take a file in pieces, as the page's script sends it: each within the limit of a request, once more if it broke."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST

from interactions.importing import files
from interactions.importing.files import CannotTake, WrongPiece
from interactions.models import FileImport
from recsite.platform.audit import Actor

DIGITS = 15


@require_POST
@permission_required("interactions.add_fileimport", raise_exception=True)
def upload(request: HttpRequest) -> JsonResponse:
    """Begin a file (?name=, ?size=, ?mark=), or go on with one; with ?file= and ?offset= add the body to it."""
    asked = request.GET
    try:
        if "file" in asked:
            sent = FileImport.objects.filter(by=request.user.get_username(), path="", discarded_at=None)
            row = get_object_or_404(sent, pk=_number(asked["file"]))
            files.append(row, _number(asked.get("offset", "")), [request.body])
        else:
            size, mark = _number(asked.get("size", "")), asked.get("mark", "")
            row = files.begin(asked.get("name", ""), size, mark, actor=Actor.staff(request))
    except WrongPiece as wrong:
        return JsonResponse({"received": wrong.received, "message": str(wrong)}, status=409)
    except CannotTake as refusal:
        return JsonResponse({"message": str(refusal)}, status=422)
    return JsonResponse({"file": row.pk, "received": row.received, "page": reverse("import-page", args=[row.pk])})


def _number(text: str) -> int:
    """Return a number of bytes, or of a file. Raises CannotTake."""
    if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS):
        raise CannotTake("Give the number of bytes, or of the file, in digits.")
    return int(text)
