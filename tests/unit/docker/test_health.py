"""The shell commands that check a service's health, run against real listeners."""

import http.server
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fate_components.docker import health
from fate_components.docker.software import HttpProbe, Probe


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
        good = self.path == "/v1/job/query" and body in (b"{}", b'{"job_id": "1"}')
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
    assert works(Probe(http=flow.model_copy(update={"post": '{"job_id": "1"}'})))
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


class Checked:
    """A container's health check, in a folder instead of the container."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.mark = folder, folder / "mark"
        monkeypatch.setattr(health, "_MARK", str(self.mark))
        slept = folder / "sleep"
        slept.write_text(f'#!/bin/sh\necho "$1" >> {folder}/slept\n')
        slept.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    def run(self, command: str) -> tuple[int, str, list[str]]:
        """Its exit code, what it prints, and how long it sleeps each time."""
        (self.folder / "slept").write_text("")
        (kind, test) = health.healthcheck(command, {}).tests  # type: ignore[misc]
        assert kind == "CMD-SHELL"
        done = subprocess.run(["sh", "-c", str(test)], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, (self.folder / "slept").read_text().split()


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checked:
    return Checked(tmp_path, monkeypatch)


def test_a_starting_service_is_probed_several_times_at_once(checked: Checked) -> None:
    count = checked.folder / "count"
    third = f'echo x >> {count}; [ "$(wc -l < {count})" -ge 3 ] || {{ echo not yet; false; }}'
    assert checked.run(third) == (0, "", ["0.5", "0.5"])
    assert checked.mark.exists()


def test_a_service_that_does_not_start_says_why_once(checked: Checked) -> None:
    assert checked.run("echo nothing listens; false") == (1, "nothing listens", ["0.5"] * 7)
    assert not checked.mark.exists()


def test_a_healthy_service_is_probed_once_after_a_while(checked: Checked) -> None:
    assert checked.run("true") == (0, "", [])
    assert checked.run("true") == (0, "", ["15"])
    assert checked.run("echo gone; false") == (1, "gone", ["15"]), "it fails at once"
    assert not checked.mark.exists()
    assert checked.run("true") == (0, "", []), "it is probed often again until it is healthy"


def test_a_container_of_an_earlier_version_keeps_its_health_check() -> None:
    # Word for word: with another text, the container would be replaced.
    earlier = (
        "[ ! -e /dev/shm/fate-healthy ] || sleep 15; "
        "if true; then : > /dev/shm/fate-healthy; else rm -f /dev/shm/fate-healthy; exit 1; fi"
    )
    present = {"Config": {"Healthcheck": {"Test": ["CMD-SHELL", earlier], "Retries": 3}}}
    kept = health.healthcheck("true", present)
    assert (kept.tests, kept.interval) == (["CMD-SHELL", earlier], "2s")
    assert health.healthcheck("true", {}).interval == "1s"
    assert health.healthcheck("true", {"Config": {"Healthcheck": None}}).interval == "1s"
    changed = health.healthcheck("another", present)
    assert (changed.interval, "another" in str(changed.tests)) == ("1s", True)
