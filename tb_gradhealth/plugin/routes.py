"""The HTTP routes: parse, ask `answers`, respond. All are GET, no path of a request reaches the disk."""

import json
import logging
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from tensorboard.backend import http_util
from werkzeug.wrappers import Request, Response

from tb_gradhealth.monitor import Monitor
from tb_gradhealth.plugin import answers
from tb_gradhealth.plugin.message import message_module
from tb_gradhealth.record import COLUMNS, KINDS

BUNDLE: Final = Path(__file__).parent / "static" / "index.js"

REFRESH_SECONDS: Final = 0.5
"""A page asks for runs and findings at once; one look at the disk answers both."""

_log = logging.getLogger(__name__)

Route = Callable[[Request], Response]
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class BadRequestError(ValueError):
    """A parameter is missing or wrong; the message is a sentence for the asker."""


def routes(monitor: Monitor, logdir: str) -> dict[str, Wsgi]:
    """Every route as a WSGI application, by its path below the plugin's.

    Args:
        monitor: what the answers are read from.
        logdir: what the tab says it is looking at.
    """

    def runs(request: Request) -> Response:
        monitor.refresh(at_most_every=REFRESH_SECONDS)
        with monitor.reading() as watched:
            return _json(request, answers.runs_answer(watched, logdir))

    def findings(request: Request) -> Response:
        monitor.refresh(at_most_every=REFRESH_SECONDS)
        with monitor.reading() as watched:
            wanted = dict.fromkeys(request.args.getlist("run"))
            return _json(request, answers.findings_answer(watched, wanted))

    def symptoms(request: Request) -> Response:
        return _json(request, answers.symptoms_answer())

    def evidence(request: Request) -> Response:
        run, finding = _one(request, "run"), _one(request, "finding")
        monitor.refresh(at_most_every=math.inf)
        with monitor.reading() as watched:
            return _frame(request, answers.evidence_frame(watched, run, finding))

    def series(request: Request) -> Response:
        run, tensor = _one(request, "run"), _one(request, "tensor")
        kind = _one_of(KINDS, "kind", _one(request, "kind"))
        columns = [_one_of(COLUMNS, "column", name) for name in dict.fromkeys(request.args.getlist("column"))]
        if not columns:
            raise BadRequestError("the parameter 'column' is missing")
        monitor.refresh(at_most_every=math.inf)
        with monitor.reading() as watched:
            return _frame(request, answers.series_frame(watched, run, kind, tensor, columns))

    return {
        "/runs": _application(runs),
        "/findings": _application(findings),
        "/symptoms": _application(symptoms),
        "/evidence": _application(evidence),
        "/series": _application(series),
        "/index.js": _application(_index),
    }


def _application(route: Route) -> Wsgi:
    """The route behind the checks and the error shape that all share."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        try:
            if request.method != "GET":
                allow = [("Allow", "GET")]
                response = _json(
                    request, {"error": f"only GET is answered, not {request.method}"}, 405, allow
                )
            else:
                response = route(request)
        except BadRequestError as error:
            response = _json(request, {"error": str(error)}, 400)
        except answers.NotFoundError as error:
            response = _json(request, {"error": str(error)}, 404)
        except Exception as error:  # a fault of ours: TensorBoard's own 500 would not say what failed
            _log.exception("Grad Health could not answer %s", request.path)
            reason = f"Grad Health could not answer: {error!r}; the full error is in TensorBoard's terminal"
            response = _json(request, {"error": reason}, 500)
        return response(environ, start_response)

    return application


def _index(request: Request) -> Response:
    """The tab's module, never cached: it changes with each installation."""
    try:
        module = BUNDLE.read_bytes()
    except FileNotFoundError:
        module = message_module(
            "The Grad Health tab is not built",
            [
                "This is a source tree without the tab's bundle.",
                "Build it with `npm ci && npm run build` in frontend/, or with `pip install -e .`.",
                "Then reload this page.",
            ],
        ).encode()
    return _respond(request, module, "text/javascript")


def _one(request: Request, name: str) -> str:
    values = request.args.getlist(name)
    if len(values) != 1 or not values[0]:
        raise BadRequestError(f"the parameter {name!r} is {'given twice' if len(values) > 1 else 'missing'}")
    return values[0]


def _one_of(allowed: Iterable[str], name: str, value: str) -> str:
    if value not in allowed:
        raise BadRequestError(f"{value!r} is no {name}; one of {', '.join(allowed)} is")
    return value


def _json(
    request: Request, answer: answers.Json, code: int = 200, headers: list[tuple[str, str]] | None = None
) -> Response:
    # TensorBoard's own encoder walks everything in Python to turn NaN into text; there is none here.
    body = json.dumps(answer, allow_nan=False, separators=(",", ":")).encode()
    return _respond(request, body, "application/json", code, headers)


def _frame(request: Request, frame: bytes) -> Response:
    return _respond(request, frame, "application/octet-stream")


def _respond(
    request: Request, body: bytes, kind: str, code: int = 200, headers: list[tuple[str, str]] | None = None
) -> Response:
    response: Response = http_util.Respond(request, body, kind, code=code, headers=headers)
    return response
