"""How long the toy job of FATE 2 may take."""

import itertools
from collections.abc import Callable

import pytest

from fate_components.docker.client.containers import Containers
from fate_components.lines.fate2 import toy_job as fate2


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    """Runs a job on a clock that only the waits move."""

    def run(lines: Callable[[], str], seconds: float) -> dict[str, str]:
        clock = [0.0]
        monkeypatch.setattr("time.monotonic", lambda: clock[0])
        monkeypatch.setattr("time.sleep", lambda pause: clock.__setitem__(0, clock[0] + pause))
        monkeypatch.setattr(fate2, "last_lines", lambda *_: [lines()])
        monkeypatch.setattr(
            fate2, "status", lambda *_: "success" if clock[0] >= seconds else "running"
        )
        party = Containers.__new__(Containers)
        return fate2.run({"guest": party, "host": party}, "job")

    return run


def test_a_job_that_logs_something_is_waited_for(ended: Callable[..., dict[str, str]]) -> None:
    counter = itertools.count()
    assert ended(lambda: str(next(counter)), 1200) == {"guest": "success", "host": "success"}


def test_a_job_that_logs_nothing_more_is_given_up(ended: Callable[..., dict[str, str]]) -> None:
    found = ended(lambda: "waits for the other party", 1200)
    assert found == {"guest": "running after 362 s", "host": "running after 362 s"}


def test_a_job_that_logs_for_ever_is_given_up(ended: Callable[..., dict[str, str]]) -> None:
    counter = itertools.count()
    found = ended(lambda: str(next(counter)), 7200)
    assert set(found.values()) == {"running after 1826 s"}
