"""Remote storage for tests: fsspec's memory storage, and a local S3 server."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import fsspec
import s3fs
from moto.server import ThreadedMotoServer

from tb_gradhealth.events import storage


class Bucket:
    """A folder of a remote storage that tests write to."""

    def __init__(self, root: str, system) -> None:
        self.root, self.system = root, system

    def put(self, name: str, content: bytes) -> None:
        """Write a whole file, as object storages do for every change."""
        self.system.pipe_file(f"{self.root}/{name}", content)

    def remove(self, name: str) -> None:
        self.system.rm_file(self.system._strip_protocol(f"{self.root}/{name}"))


class Server:
    """A local S3 server that can be stopped and started again with the same content."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        self._server.stop()


@contextmanager
def s3_server(monkeypatch) -> Iterator[Server]:
    """A local S3 server, with the environment by which fsspec and child processes find it."""
    credentials = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in credentials.items():
        monkeypatch.setenv(name, value)
    server = Server()
    monkeypatch.setenv("FSSPEC_S3_ENDPOINT_URL", server.url)
    monkeypatch.setenv("S3_ENDPOINT", server.url)  # for TensorBoard's own client
    monkeypatch.setitem(
        fsspec.config.conf,
        "s3",
        {
            "endpoint_url": server.url,
            "config_kwargs": {"retries": {"max_attempts": 0}, "connect_timeout": 2, "read_timeout": 5},
        },
    )
    # A cached connection belongs to another server.
    s3fs.S3FileSystem.clear_instance_cache()
    storage._remote.cache_clear()
    try:
        yield server
    finally:
        server.stop()
        s3fs.S3FileSystem.clear_instance_cache()
        storage._remote.cache_clear()


def s3_bucket() -> Bucket:
    """An empty bucket of the running server; its content outlives the server."""
    system = fsspec.filesystem("s3", use_listings_cache=False)
    name = f"logs-{os.urandom(6).hex()}"
    system.mkdir(name)
    # TensorBoard's client requires a folder in the bucket.
    return Bucket(f"s3://{name}/logs", system)


def memory_bucket() -> Bucket:
    """A folder in the memory of this process."""
    return Bucket(f"memory://logs-{os.urandom(6).hex()}", fsspec.filesystem("memory"))
