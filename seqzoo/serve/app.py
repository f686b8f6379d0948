"""The web application: one route for each room, a page, health, metrics, and errors that say what to do."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import iterate_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse, StreamingResponse

from seqzoo.errors import UserError, nearest
from seqzoo.serve.batching import Busy
from seqzoo.serve.guard import Refused
from seqzoo.serve.limits import Limits
from seqzoo.serve.loaded import Loaded
from seqzoo.serve.metrics import KIND, Metrics

_PAGE = Path(__file__).parent / "page"
_SHOWN = 3  # things that are wrong with a body
_RETRY_S = 1


def application(loaded: Sequence[Loaded], limits: Limits) -> tuple[FastAPI, Metrics]:
    """The application for bundles in memory; the first of a room answers where none is named.

    Args:
        loaded: one at least.
        limits: what is borne.
    """
    rooms = {room: [one for one in loaded if one.task == room] for room in dict.fromkeys(one.task for one in loaded)}
    streams = [f"/{room}/stream" for room, models in rooms.items() if models[0].service.stream]
    metrics = Metrics([*(f"/{room}" for room in rooms), *streams, "/", "/health", "/models", "/metrics"])

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        for one in loaded:
            one.start(limits, metrics)
        yield
        await asyncio.gather(*(one.stop() for one in loaded))

    app = FastAPI(
        title="seqzoo", version=version("seqzoo"), lifespan=running, docs_url=None, redoc_url=None,
        description="Recurrent sequence models, judged honestly, answering without TensorFlow.",
    )  # fmt: skip
    slots = asyncio.Semaphore(limits.streams)
    for room, models in rooms.items():
        _route(app, room, models, limits)
        if models[0].service.stream:
            _stream_route(app, room, models, limits, slots)
    _pages(app, loaded, metrics)
    _errors(app)
    return app, metrics


def _route(app: FastAPI, room: str, models: Sequence[Loaded], limits: Limits) -> None:
    """`POST /<room>`: a question in, an answer out."""
    service = models[0].service

    async def ask(question: Any, model: str = "") -> Response:
        chosen = _chosen(models, model)
        try:
            async with asyncio.timeout(limits.timeout_s):
                answer = await chosen.ask(question)
        except (Busy, TimeoutError):
            raise Refused(503, "too much to do: try again", retry_s=_RETRY_S) from None
        return JSONResponse({"model": chosen.name, **answer})

    ask.__annotations__ = {"question": service.asks, "model": _named(models), "return": Response}
    example = models[0].answered
    said = {"model": service.answers, **({"content": {"application/json": {"example": example}}} if example else {})}
    app.post(
        f"/{room}", summary=_first_line(service.asks.__doc__), tags=[room], responses={200: said, **_REFUSALS},
        openapi_extra=_asked(service.example),
    )(ask)  # fmt: skip


def _stream_route(app: FastAPI, room: str, models: Sequence[Loaded], limits: Limits, slots: asyncio.Semaphore) -> None:
    """`POST /<room>/stream`: a question in, pieces of the answer as they come, as server-sent events."""
    service = models[0].service

    async def stream(question: Any, model: str = "") -> Response:
        chosen = _chosen(models, model)
        if slots.locked():
            raise Refused(503, f"{limits.streams} answers are being streamed already: try again", retry_s=_RETRY_S)
        await slots.acquire()
        try:
            pieces = chosen.stream(question)
            first = await asyncio.to_thread(next, pieces)  # what cannot be answered is refused with a status
        except BaseException:
            slots.release()
            raise
        return _Events(itertools.chain([first], pieces), slots, limits.timeout_s)

    stream.__annotations__ = {"question": service.asks, "model": _named(models), "return": Response}
    events = {"description": "Events, each a JSON object.", "content": {"text/event-stream": {}}}
    app.post(
        f"/{room}/stream", summary="The same in pieces", tags=[room], responses={200: events, **_REFUSALS},
        openapi_extra=_asked(service.example),
    )(stream)  # fmt: skip


class _Events(StreamingResponse):
    """Pieces as server-sent events, in one of a few slots."""

    def __init__(self, pieces: Iterator[Mapping[str, Any]], slots: asyncio.Semaphore, timeout_s: float) -> None:
        super().__init__(_events(pieces, timeout_s), media_type="text/event-stream")
        self._slots = slots

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send them; the slot is free again once the client has all, or has left."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._slots.release()


async def _events(pieces: Iterator[Mapping[str, Any]], timeout_s: float) -> AsyncIterator[str]:
    """Pieces as server-sent events; one that says so is the last where time is up or something is wrong."""
    try:
        async with asyncio.timeout(timeout_s):
            async for piece in iterate_in_threadpool(pieces):
                yield f"data: {json.dumps(piece, ensure_ascii=False)}\n\n"
    except TimeoutError:
        yield f"data: {json.dumps({'error': f'stopped after {timeout_s:g} s', 'end': True})}\n\n"
    except UserError as error:
        yield f"data: {json.dumps({'error': str(error), 'end': True})}\n\n"


def _named(models: Sequence[Loaded]) -> Any:
    names = ", ".join(one.name for one in models)
    return Annotated[str, Query(max_length=200, description=f"Which model answers: {names}; none: the first.")]


def _chosen(models: Sequence[Loaded], name: str) -> Loaded:
    found = next((one for one in models if name in ("", one.name)), None)
    if found is None:
        raise Refused(404, f"no model {name!r} here: {nearest(name, [one.name for one in models])}")
    return found


def _first_line(text: str | None) -> str:
    return (text or "").splitlines()[0].rstrip(".")


def _asked(example: Mapping[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"example": dict(example)}}}}


_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"description": "A token is wanted."},
    413: {"description": "The body is too large."},
    422: {"description": "The question cannot be answered; `error` says why, `hint` what to do."},
    429: {"description": "Too many requests a minute; see Retry-After."},
    503: {"description": "Too much to do; see Retry-After."},
}


def _pages(app: FastAPI, loaded: Sequence[Loaded], metrics: Metrics) -> None:
    """What is fetched: the page and its parts, models, health, metrics."""

    def fetched(path: str, file: str) -> None:
        app.get(path, include_in_schema=False)(lambda: FileResponse(_PAGE / file))

    fetched("/", "index.html")
    for path in sorted(_PAGE.iterdir()):
        if path.name != "index.html":
            fetched(f"/page/{path.name}", path.name)

    @app.get("/health", summary="Whether it answers")
    async def health() -> dict[str, Any]:
        return {"status": "ok", "version": app.version, "models": [one.name for one in loaded]}

    @app.get("/models", summary="Which bundles answer, and what they were found to be worth")
    async def models() -> list[dict[str, Any]]:
        return [one.about() for one in loaded]

    @app.get("/metrics", summary="Counters for Prometheus")
    async def counted() -> Response:
        return Response(metrics.text(), media_type=KIND)


def _errors(app: FastAPI) -> None:
    """Whatever goes wrong is told in JSON: what, and what to do."""

    async def refused(request: Request, error: Exception) -> Response:
        said = _refusal(error)
        return Response(said.body(), said.status, said.headers())

    for kind in (Refused, UserError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, refused)


def _refusal(error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, UserError):
        return Refused(422, str(error), error.hint)
    if isinstance(error, RequestValidationError):
        return Refused(422, _wrong(error.errors()), "GET /openapi.json")
    if isinstance(error, HTTPException):
        return Refused(error.status_code, str(error.detail), "GET /openapi.json")
    return Refused(500, "something broke here; it was written to the service's log")


def _wrong(errors: Sequence[Mapping[str, Any]]) -> str:
    """What is wrong with a body: where, and why; never what was sent."""
    lines = [f"{'.'.join(map(str, one['loc'][1:])) or 'the body'}: {one['msg']}"[:300] for one in errors]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "; ".join([*lines[:_SHOWN], *more])
