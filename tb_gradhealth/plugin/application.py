"""Serves a handler as a WSGI application: GET only, ETags from revisions, gzip, and one form of errors."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tensorboard.backend import http_util
from werkzeug.datastructures import Headers
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
    """The content of a response.

    Attributes:
        content: plain JSON values, or encoded content.
        media_type: its media type.
        headers: further headers.
    """

    content: Json | bytes
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The answer to a request, computed only where the client does not have it.

    Attributes:
        revision: changes whenever the answer to the same request does.
        body: computes the body.
    """

    revision: str
    body: Callable[[], Body]


Handler = Callable[[Request], Answer]


def application(handler: Handler) -> Wsgi:
    """A WSGI application that answers GET requests and turns errors into JSON."""

    def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = _response(request, handler)
        except BadRequestError as error:
            response = _error(request, 400, str(error))
        except NotFoundError as error:
            response = _error(request, 404, str(error))
        except Exception as error:  # a bug; TensorBoard's own 500 does not contain the reason
            _log.exception("Grad Health could not answer %s", request.path)
            reason = f"Grad Health could not answer: {error!r}; the full error is in TensorBoard's terminal"
            response = _error(request, 500, reason)
        return response(environ, start_response)

    return respond


def attachment(name: str) -> dict[str, str]:
    """The header by which a browser saves a response as a file."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _response(request: Request, handler: Handler) -> Response:
    if request.method != "GET":
        return _error(request, 405, f"only GET is answered, not {request.method}", {"Allow": "GET"})
    answer = handler(request)
    tag = _tag(request, answer.revision)
    headers = {"ETag": f'W/"{tag}"', "Vary": "Accept-Encoding"}
    if request.if_none_match.star_tag:
        answer.body()  # "*" matches any existing answer; this raises where none exists
    if request.if_none_match.contains_weak(tag):
        return _NotModified(status=304, headers={**headers, "Cache-Control": "no-cache, must-revalidate"})
    return _encoded(request, answer.body(), 200, headers)


class _NotModified(Response):
    """A 304 with the headers that TensorBoard requires of every response; it logs two warnings without them.

    Browsers keep the content type of the answer that they have.
    """

    def get_wsgi_headers(self, environ: Any) -> Headers:
        headers = super().get_wsgi_headers(environ)  # it removes the content type
        headers["Content-Type"] = FRAME
        headers["X-Content-Type-Options"] = "nosniff"
        return headers


def _tag(request: Request, revision: str) -> str:
    """Hash of the query and the revision: the same path with other parameters has another answer."""
    content = request.query_string + b"\0" + revision.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=12).hexdigest()


def _error(request: Request, code: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    return _encoded(request, Body({"error": sentence}), code, headers or {})


def _encoded(request: Request, body: Body, code: int, headers: Mapping[str, str]) -> Response:
    content = body.content
    if not isinstance(content, bytes):
        # TensorBoard's encoder walks all values in Python to replace NaN; answers have none.
        content = json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
    all_headers = [*headers.items(), *body.headers.items()]
    response: Response = http_util.Respond(request, content, body.media_type, code=code, headers=all_headers)
    return response
