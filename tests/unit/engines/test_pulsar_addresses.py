"""What tells a running Pulsar of changed addresses, run with a fake docker command."""

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from fate_components.engines import pulsar
from tests.support.delivery import Container

OLD, NEW = "pulsar://10.0.0.2:6650", "pulsar://10.0.0.3:6650"


class Admin(HTTPServer):
    """Pulsar's admin API, as far as it concerns clusters."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.clusters = {"10000": OLD}
        self.refuses = False


class _Page(BaseHTTPRequestHandler):
    server: Admin

    def do_GET(self) -> None:
        name = self.path.removeprefix("/admin/v2/clusters/")
        if url := self.server.clusters.get(name):
            self._answer(200, {"serviceUrl": "", "brokerServiceUrl": url})
        else:
            self._answer(404, {"reason": "Cluster does not exist"})

    def do_POST(self) -> None:
        name = self.path.removeprefix("/admin/v2/clusters/")
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.server.refuses:
            self.server.clusters[name] = given["brokerServiceUrl"]
        self._answer(412 if self.server.refuses else 204, None)

    def _answer(self, code: int, body: object) -> None:
        self.send_response(code)
        self.end_headers()
        if body:
            self.wfile.write(json.dumps(body, separators=(",", ":")).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def admin() -> Iterator[Admin]:
    with Admin() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


def deliver(container: Container, admin: Admin, text: str, before: str | None = "c1") -> str:
    return container.deliver(text, before, pulsar.update(admin.server_port))


def test_a_known_party_with_a_new_address(container: Container, admin: Admin) -> None:
    assert deliver(container, admin, f"10000 {NEW}\n10001 {NEW}\n") == "c1"
    assert admin.clusters == {"10000": NEW}, "FATE itself creates those that are not there"
    assert container.restarted


def test_a_new_party_interrupts_no_job(container: Container, admin: Admin) -> None:
    assert deliver(container, admin, f"10000 {OLD}\n10001 {NEW}\n") == "c1"
    assert admin.clusters == {"10000": OLD}
    assert not container.restarted


def test_a_new_container_knows_no_party(container: Container, admin: Admin) -> None:
    container.file.write_text(f"10000 {NEW}\n")
    admin.shutdown()  # as long as Pulsar starts
    deliver(container, admin, f"10000 {NEW}\n", before=None)
    assert not container.restarted


def test_an_address_that_pulsar_does_not_take(container: Container, admin: Admin) -> None:
    admin.refuses = True
    with pytest.raises(subprocess.CalledProcessError):
        deliver(container, admin, f"10000 {NEW}\n")
    assert not container.restarted
