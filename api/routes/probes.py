"""Whether the process lives, whether it can answer, and its numbers."""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from api import deps
from api.metrics import CONTENT_TYPE

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process lives; told without a worker thread, so that a busy server is not taken for a dead one."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(request: Request) -> JSONResponse:
    """Whether questions can be answered, over which generation, and what is wrong where not (503)."""
    state = dict(deps.services(request).knowledge_base.ready())
    return JSONResponse(state, status_code=200 if state["ready"] else 503)


@router.get("/metrics", dependencies=[Depends(deps.reader)])
def metrics(request: Request) -> Response:
    """Numbers for Prometheus, for whoever may read: without a key only where reading is open to this machine."""
    return Response(request.app.state.metrics.exposed(), media_type=CONTENT_TYPE)
