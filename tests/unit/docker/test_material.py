"""The certificates for Docker hosts at tcp:// URLs."""

import multiprocessing
import stat
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from fate_components.docker.client import cli, tls_files
from fate_components.settings.hosts import certificates
from fate_components.settings.stack import Settings
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GIVEN, GOOD
from tests.support.program import run
from tests.support.stack_files import as_engine

URL = "tcp://b.example.org:2376"
HOSTS = {**GOOD["fate:hosts"], "b": {"docker": URL, "tls": GIVEN}}
FILE = {**GOOD, "fate:hosts": HOSTS, "fate:verify": True}


def settings() -> Settings:
    return parse(as_engine(FILE), {"fate:masterSecret", "fate:hosts"}, "dev")[0]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".pulumi" / "docker-tls"


def write(test: Connection) -> None:
    tls_files.write(certificates(settings().hosts))
    test.send("written")
    test.recv()


def test_files_are_there_until_the_last_process_that_needs_them_ends(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = []
    for _ in range(2):
        ours, theirs = context.Pipe()
        process = context.Process(target=write, args=(theirs,))
        process.start()
        theirs.close()  # or a process that fails would leave the test waiting
        assert ours.recv() == "written"
        processes.append((process, ours))
    for process, ours in processes:
        path = Path(cli.environment(URL)["DOCKER_CERT_PATH"])
        assert not path.is_absolute(), "it would differ from machine to machine"
        found = {file.name: file.read_text() for file in path.iterdir()}
        assert found["key.pem"] == GIVEN["key"]
        assert found == {
            "ca.pem": GIVEN["authority"],
            "cert.pem": GIVEN["certificate"],
            "key.pem": GIVEN["key"],
        }
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {0o600}
        assert {stat.S_IMODE(one.stat().st_mode) for one in (folder, path)} == {0o700}
        ours.send("end")
        process.join()
    assert not folder.exists()


def test_only_tcp_needs_files(folder: Path) -> None:
    assert tls_files.environment("unix:///var/run/docker.sock") == {}
    assert tls_files.environment("ssh://b.example.org") == {}
    tls_files.write(certificates({"a": settings().hosts["a"]}))
    assert not folder.exists()


def test_the_provider_gets_the_certificates_and_the_commands_their_place() -> None:
    parties = [{"id": 9999, "host": "b"}, {"id": 10000, "host": "a"}]
    hosts = HOSTS | {"a": {**HOSTS["a"], "address": "10.0.0.1"}}
    recorder = run({"fate:hosts": hosts, "fate:parties": parties}, secret=["fate:hosts"])
    (provider,) = (
        one.inputs
        for one in recorder.resources
        if one.typ == "pulumi:providers:docker" and one.name == "b"
    )
    assert provider["host"] == URL
    assert provider["caMaterial"] == GIVEN["authority"]
    assert provider["certMaterial"] == GIVEN["certificate"]
    assert provider["keyMaterial"]["value"] == GIVEN["key"], "a secret"
    for one in recorder.resources:
        if one.typ == "command:local:Command":
            assert GIVEN["key"] not in str(one.inputs)
            to = one.inputs["environment"].get("DOCKER_HOST")
            assert ("DOCKER_CERT_PATH" in one.inputs["environment"]) == (to == URL), one.name
