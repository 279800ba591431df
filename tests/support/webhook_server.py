"""A real HTTP server that answers requests as a test prescribes: with a status, a redirect, or not at all."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANG = "hang"
"""Accept the request and never answer."""

CUT = "cut"
"""Close the connection without an answer."""


class WebhookServer:
    """The requests so far, and the answers to come; after the last answer it repeats 200.

    Attributes:
        url: the address, with a secret path.
        requests: of each request its path, headers and JSON.
    """

    def __init__(self, answers: Sequence[object]) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, dict[str, str], dict]] = []
        self.released = threading.Event()
        self.url = ""

    def bodies(self) -> list[dict]:
        return [body for _, _, body in self.requests]

    def wait_for(self, count: int, seconds: float = 60) -> list[dict]:
        """The JSON of the requests when there are ``count`` of them."""
        end = time.monotonic() + seconds
        while len(self.requests) < count:
            assert time.monotonic() < end, f"{len(self.requests)} of {count} requests"
            time.sleep(0.02)
        return self.bodies()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers["Content-Length"])
        body = json.loads(handler.rfile.read(length))
        answer = self.answers.pop(0) if self.answers else 200
        self.requests.append((handler.path, dict(handler.headers), body))
        if answer == HANG:
            self.released.wait(60)
            return
        if answer == CUT:
            handler.close_connection = True
            return
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@contextmanager
def webhook_server(*answers: object) -> Iterator[WebhookServer]:
    """Serve on this machine while the block runs."""
    server = WebhookServer(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.answer(self)

        def log_message(self, *arguments: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}/services/SECRET?key=SECRET"
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        http.shutdown()
        thread.join()
        http.server_close()
