"""Patches of FATE's own code: where they fit, what they do, and that a stack file chooses them."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from fate_components.lines.fate2 import patches
from fate_components.lines.fate2.patches import apply, rabbitmq_links, rabbitmq_threads
from tests.support.bad_stack_files import GOOD_2
from tests.support.program import CONTAINER, file, run
from tests.support.stack_files import with_engines

SOURCE = "WAIT = 10\n"
PATCHES = "/usr/local/share/fate/patches.json"


def change(**more: Any) -> dict[str, Any]:
    return {
        "patch": "shorter", "module": "some.fate.waiting", "sha256": [],
        "replace": [["WAIT = 10", "WAIT = 60", 1]], "append": "", **more,
    }  # fmt: skip


@pytest.fixture
def module(tmp_path: Path) -> Path:
    folder = tmp_path / "python" / "some" / "fate"
    folder.mkdir(parents=True)
    (folder / "waiting.py").write_text(SOURCE)
    return folder / "waiting.py"


def applied(module: Path, *changes: dict[str, Any]) -> str:
    """What the script says that FATE Flow's container runs before it starts FATE."""
    listed = module.parents[3] / "patches.json"
    listed.write_text(json.dumps(changes))
    done = subprocess.run(
        [sys.executable, apply.__file__, str(listed)],
        env={**os.environ, "PYTHONPATH": str(module.parents[2])},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_a_patch_is_applied_once(module: Path) -> None:
    module.chmod(0o640)
    digest = hashlib.sha256(SOURCE.encode()).hexdigest()
    fitting = change(sha256=["0" * 64, digest], append="# more\n")
    assert applied(module, fitting) == f"patch shorter is now in {module}\n"
    text = module.read_text()
    assert text == "WAIT = 60\n# more\n\n# Patched: shorter\n"
    assert module.stat().st_mode & 0o777 == 0o640
    assert applied(module, fitting) == f"patch shorter is in {module}\n"
    assert module.read_text() == text
    assert [one.name for one in module.parent.iterdir()] == [module.name]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"sha256": ["0" * 64]}, "it is not FATE's file that the patch is for; its SHA-256 is "),
        ({"replace": [["WAIT = 20", "WAIT = 60", 1]]}, "it has 0 times 'WAIT = 20', not 1 times"),
        ({"replace": [["WAIT", "LIMIT", 2]]}, "it has 1 times 'WAIT', not 2 times"),
        ({"module": "some.fate.sending"}, "some.fate.sending: there is no such module"),
    ],
)
def test_what_a_patch_does_not_fit_stays_as_it_is(
    module: Path, more: dict[str, Any], why: str
) -> None:
    left, done = applied(module, change(**more), change()).splitlines()
    assert left.startswith("patch shorter is left out of ")
    assert why in left
    assert done.endswith(f"is now in {module}"), "the next one must not suffer"


def test_a_module_that_cannot_be_written_stays_as_it_is(module: Path) -> None:
    (module.parent / "waiting.py.patched").mkdir()
    assert f"is left out of {module}: " in applied(module, change())
    assert module.read_text() == SOURCE


def chosen(registered: Any, party: int) -> list[str]:
    said = json.loads(file(registered, f"{party}-fateflow", PATCHES))
    return [one["patch"] for one in said]


@pytest.mark.parametrize(
    ("computing", "federation", "names"),
    [
        ("standalone", "rabbitmq", ["rabbitmqThreads", "rabbitmqLinks", *["slowAnswers"] * 2]),
        ("spark_local", "pulsar", [*["slowAnswers"] * 2, "pulsarRoutes"]),
        ("eggroll", "osx", ["slowAnswers"] * 2),
    ],
)
def test_the_patches_of_each_federation_engine(
    computing: str, federation: str, names: list[str]
) -> None:
    registered = run(with_engines(computing, federation))
    assert chosen(registered, 9999) == names
    command = registered.of(CONTAINER)["fate-dev-9999-fateflow"]["command"][2]
    assert command.index(patches.START) < command.index("fate_flow_server.py")


def test_patches_can_be_switched_off() -> None:
    registered = run(with_engines("standalone", "rabbitmq", patches={"slowAnswers": False}))
    assert chosen(registered, 9999) == ["rabbitmqThreads", "rabbitmqLinks"]
    off = dict.fromkeys(("rabbitmqThreads", "rabbitmqLinks", "slowAnswers"), False)
    container = run({**GOOD_2, "fate:patches": off}).of(CONTAINER)["fate-dev-9999-fateflow"]
    assert "patches" not in container["command"][2]
    assert not [one for one in container["uploads"] if "patches" in one]


def test_a_connection_is_used_by_one_thread_only() -> None:
    opened = []

    class Channel:
        """Opens what is None, as FATE's does."""

        def __init__(self) -> None:
            self._conn: object = None
            self._channel: object = None

        def used(self) -> object:
            if self._conn is None:
                self._conn = object()
                opened.append(self._conn)
            return self._conn

    rabbitmq_threads.connect_each_thread(Channel)
    one, other = Channel(), Channel()
    together = threading.Barrier(3)

    def twice(_: int) -> tuple[object, object]:
        together.wait()
        return one.used(), one.used()

    with ThreadPoolExecutor(3) as threads:
        found = [*threads.map(twice, range(3)), (one.used(), one.used())]
    assert all(first is second for first, second in found)
    assert len({id(first) for first, _ in found}) == 4
    assert other.used() not in [first for first, _ in found]
    assert len(opened) == 5


class Broker(BaseHTTPRequestHandler):
    """A management API that gives these answers, one after the other, and then the last again."""

    answers: list[int]
    asked: list[tuple[str, bytes]]

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, body))
        self.send_response(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"noproc")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(rabbitmq_links, "_PUT_PAUSE", 0)
    Broker.asked = []
    server = HTTPServer(("127.0.0.1", 0), Broker)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api/policies/v/q"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_put_is_sent_until_it_is_accepted(broker: str) -> None:
    Broker.answers = [500, 500, 201]
    assert rabbitmq_links.put_until_accepted(broker, json={"a": 1}).status_code == 201
    assert Broker.asked == [("/api/policies/v/q", b'{"a": 1}')] * 3


def test_a_put_that_is_never_accepted_fails(broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rabbitmq_links, "_PUT_LIMIT", -1)
    Broker.answers = [500]
    with pytest.raises(
        RuntimeError, match=r"did not accept PUT http://.*/policies/v/q in .*noproc"
    ):
        rabbitmq_links.put_until_accepted(broker, json={})
