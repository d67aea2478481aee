"""The twin as geographic software sees it: OGC API – Processes (a scenario is a process, a run a job) and – Features.

Declared conformance classes stand in `common.CONFORMANCE`. Features Core answers a wrong or unknown query parameter
with 400, as the standard asks, where the rest of the API says 422.
"""

from fastapi import APIRouter

from api.ogc import common, features, jobs, processes

router = APIRouter()
for part in (common, processes, jobs, features):
    router.include_router(part.router)

__all__ = ["router"]
