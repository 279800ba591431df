"""A reverse proxy in front of TensorBoard, with a path prefix and basic authentication."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@contextmanager
def reverse_proxy(target: str, prefix: str, user: str = "Basic dGVhbTpzZWNyZXQ=") -> Iterator[str]:
    """The address of the proxy, which removes its prefix from requests to ``target``.

    Args:
        target: the server's address, ending with a slash.
        prefix: begins and ends with a slash.
        user: what a request must bring as its Authorization.
    """
    behind = urlsplit(target)

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.headers.get("Authorization") != user:
                return self.send(401, [], b"who are you?")
            if not self.path.startswith(prefix):
                return self.send(404, [], b"not here")
            connection = http.client.HTTPConnection(behind.hostname, behind.port, timeout=30)
            kept = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "authorization")}
            connection.request("GET", behind.path + self.path[len(prefix) :], headers=kept)
            answer = connection.getresponse()
            body = answer.read()
            headers = [
                (k, v) for k, v in answer.getheaders() if k.lower() not in ("connection", "content-length")
            ]
            connection.close()
            return self.send(answer.status, headers, body)

        def send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{prefix}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
