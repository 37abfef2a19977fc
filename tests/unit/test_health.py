"""The shell commands that check a service's health, run against real listeners."""

import http.server
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest

from fate_components.docker import health
from fate_components.release import HttpProbe, Probe


def works(probe: Probe, shell: str = "sh") -> bool:
    return subprocess.run([shell, "-c", health.check(probe)], check=False).returncode == 0


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_port_that_listens(listener: socket.socket) -> None:
    assert works(Probe(listens=(listener.getsockname()[1],)))


def test_a_port_on_ipv6_as_java_listens() -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6) as server:
        assert works(Probe(listens=(server.getsockname()[1],)))


def test_one_of_two_ports_is_not_enough(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert not works(Probe(listens=(port, closed.getsockname()[1])))


def test_a_connection_is_no_listener(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()) as connection:
        assert not works(Probe(listens=(connection.getsockname()[1],)))


class _Flow(http.server.BaseHTTPRequestHandler):
    """Answers like FATE Flow: 101 means that it could look into its database."""

    code = 101

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = self.path == "/v1/job/query" and body == b"{}"
        json = self.headers["Content-Type"] == "application/json"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{\n  "retcode": %d\n}\n' % (self.code if good and json else 1))

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def flow() -> Iterator[HttpProbe]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Flow) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield HttpProbe(
            port=server.server_port, path="/v1/job/query", post="{}", answers='"retcode": *101'
        )
        server.shutdown()
        thread.join()


def test_an_answer_over_http(flow: HttpProbe, monkeypatch: pytest.MonkeyPatch) -> None:
    assert works(Probe(http=flow))
    monkeypatch.setattr(_Flow, "code", 100)
    assert not works(Probe(http=flow))


@pytest.mark.skipif(not shutil.which("wget"), reason="no wget here")
def test_an_answer_over_http_without_bash(
    flow: HttpProbe, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path_factory.mktemp("bin")
    for name in ("sh", "wget", "grep"):
        found = shutil.which(name)
        assert found
        (programs / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(programs))
    assert works(Probe(http=flow), shell=str(programs / "sh"))


def test_nobody_answers(flow: HttpProbe) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        assert not works(Probe(http=flow.model_copy(update={"port": port})))


def test_a_probe_that_could_not_fail_is_refused() -> None:
    with pytest.raises(ValueError, match="needs ports or a request"):
        health.check(Probe())
