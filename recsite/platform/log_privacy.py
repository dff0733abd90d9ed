"""User ids in log lines: the same user is recognised in every line, and nobody can tell who it is."""

import hashlib
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, ResolverMatch, resolve


def loggable_path(request: HttpRequest) -> str:
    """Return the path with a user id in it replaced by its hash, such as /api/v1/users/~5f0c7a1e9b3d2468."""
    match = _match(request)
    user_id = str(match.kwargs.get("user_id", "")) if match else ""
    if not match or not user_id:
        return request.path
    # Only there where the route has the id: "1" replaced in "/api/v1" as well would tell what the hash is of.
    parts = (
        match.route.partition(":user_id>")[0].count("/") + request.path.removesuffix(request.path_info).count("/") + 1
    )
    *before, rest = request.path.split("/", parts)
    return "/".join([*before, rest.replace(user_id, f"~{hashed(user_id)}", 1)])


def hashed(user_id: str) -> str:
    """Return 16 hex digits of a keyed hash: without SECRET_KEY nobody can try ids until one fits."""
    return hashlib.blake2b(user_id.encode("utf-8", "replace"), digest_size=8, key=_key(settings.SECRET_KEY)).hexdigest()


def _match(request: HttpRequest) -> ResolverMatch | None:
    match = request.resolver_match
    if match is None and ("/users/" in request.path or request.path.startswith("/gorse/")):
        # Whoever refused it did so before Django looked for the view.
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return None
    return match


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    """Derive a key of its own, so that the hashes say nothing about signatures made with the secret."""
    return hashlib.blake2b(f"recsite.log {secret}".encode()).digest()
