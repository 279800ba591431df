"""A route as a WSGI application: GET only, revisions as ETags, gzip, and one shape for every error."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tensorboard.backend import http_util
from werkzeug.wrappers import Request, Response

from tb_gradhealth.monitor import NotFoundError
from tb_gradhealth.plugin.parameters import BadRequestError

JSON: Final = "application/json"
FRAME: Final = "application/octet-stream"

Json = Mapping[str, object]
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Body:
    """What is sent: plain JSON values, or bytes of some kind."""

    content: Json | bytes
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """An answer that is not computed yet.

    Attributes:
        revision: changes whenever the answer to the same question does.
        body: computes it.
    """

    revision: str
    body: Callable[[], Body]


Route = Callable[[Request], Prepared]


def application(route: Route) -> Wsgi:
    """The route behind the checks and the error shape that all share."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = _answered(request, route)
        except BadRequestError as error:
            response = _error(request, 400, str(error))
        except NotFoundError as error:
            response = _error(request, 404, str(error))
        except Exception as error:  # a fault of ours: TensorBoard's own 500 would not say what failed
            _log.exception("Grad Health could not answer %s", request.path)
            reason = f"Grad Health could not answer: {error!r}; the full error is in TensorBoard's terminal"
            response = _error(request, 500, reason)
        return response(environ, start_response)

    return answer


def _answered(request: Request, route: Route) -> Response:
    if request.method != "GET":
        return _error(request, 405, f"only GET is answered, not {request.method}", {"Allow": "GET"})
    prepared = route(request)
    tag = _tag(request, prepared.revision)
    headers = {"ETag": f'W/"{tag}"', "Vary": "Accept-Encoding"}
    if request.if_none_match.star_tag:
        prepared.body()  # "*" is whatever is there, so it has to be there
    if request.if_none_match.contains_weak(tag):
        return Response(status=304, headers={**headers, "Cache-Control": "no-cache, must-revalidate"})
    body = prepared.body()
    return _respond(request, body, 200, headers)


def _tag(request: Request, revision: str) -> str:
    """Of the question and the revision: the same address with other parameters is another answer."""
    question = request.query_string + b"\0" + revision.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(question, digest_size=12).hexdigest()


def _error(request: Request, code: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    return _respond(request, Body({"error": sentence}), code, headers or {})


def _respond(request: Request, body: Body, code: int, headers: Mapping[str, str]) -> Response:
    content = body.content
    if not isinstance(content, bytes):
        # TensorBoard's own encoder walks everything in Python to turn NaN into text; there is none here.
        content = json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
    both = [*headers.items(), *body.headers.items()]
    response: Response = http_util.Respond(request, content, body.kind, code=code, headers=both)
    return response


def attachment(name: str) -> dict[str, str]:
    """The header that makes a browser keep an answer as a file."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
