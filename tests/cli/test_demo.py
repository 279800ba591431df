"""`gradhealth demo` before it trains; the browser tests train."""

import socket

from click.testing import CliRunner

from tb_gradhealth.cli import main


def demo(*arguments):
    return CliRunner().invoke(main, ["demo", *map(str, arguments)])


def test_logs_of_somebody_else_are_not_written_over(tmp_path):
    (tmp_path / "precious").touch()
    result = demo("--no-serve", "--logdir", tmp_path)
    assert (result.exit_code, "is not empty" in result.output) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_a_taken_port_is_said_before_anything_is_trained(tmp_path):
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
        result = demo("--logdir", tmp_path / "logs", "--port", port)
    assert (result.exit_code, f"port {port} is in use" in result.output) == (2, True)
    assert not (tmp_path / "logs").exists()
