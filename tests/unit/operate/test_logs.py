"""The logs of services, with a docker command that only looks like it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fate_components.operate import logs
from fate_components.operate.logs import LogsError, Source, after, followed, last, line, merged
from tests.support import docker_command
from tests.support.containers import missing

ROLL, EGG_2 = missing("roll"), missing("egg-2")
TIME = "2026-11-25T09:30:0"


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Puts a shell script on PATH as the docker command."""
    return docker_command.instead(monkeypatch, tmp_path)


def test_lines_begin_with_their_time() -> None:
    assert line(b"2026-11-25T09:30:00.12Z text \xff\r\n") == (f"{TIME}0.120000000Z", b"text \xff")
    assert line(b"2026-11-25T09:30:00Z \n") == (f"{TIME}0.000000000Z", b"")
    assert line(b"Error: No such container: x\n") is None


def test_the_next_time_at_which_something_can_be_written() -> None:
    assert after(f"{TIME}0.120000000Z") == f"{TIME}0.120000001Z"
    assert after(f"{TIME}9.999999999Z") == "2026-11-25T09:30:10.000000000Z"


def test_services_are_interleaved_by_time(docker: Callable[[str], None]) -> None:
    docker(f"""case $name in
        *roll) echo {TIME}1Z r1; echo {TIME}0.5Z r2 >&2; echo {TIME}4Z r3;;
        *) echo {TIME}2Z e1; echo {TIME}3.5Z e2;;
    esac""")
    found = [
        (member.service, text) for member, text in merged([Source(ROLL, ""), Source(EGG_2, "")])
    ]
    assert found == [
        ("roll", b"r1"), ("roll", b"r2"), ("egg-2", b"e1"), ("egg-2", b"e2"), ("roll", b"r3"),
    ]  # fmt: skip


def test_a_log_that_cannot_be_read(docker: Callable[[str], None]) -> None:
    docker("echo 'invalid value for \"since\"' >&2; exit 1")
    with pytest.raises(
        LogsError, match='fate-dev-9999-roll cannot be read: invalid value for "since"'
    ):
        list(merged([Source(ROLL, "abc")]))


def test_the_last_lines_in_the_order_of_time(docker: Callable[[str], None], tmp_path: Path) -> None:
    docker(f"""echo "$@" > {tmp_path}/asked
        echo {TIME}2Z two >&2; echo {TIME}1Z one; echo {TIME}3Z three""")
    assert [text for _, text in last(ROLL, 20)] == [b"one", b"two", b"three"]
    asked = (tmp_path / "asked").read_text()
    assert asked == "logs --timestamps --tail 20 fate-dev-9999-roll\n"
    docker("echo 'No such container' >&2; exit 1")
    with pytest.raises(LogsError, match="fate-dev-9999-roll cannot be read: No such container"):
        last(ROLL, 20)


def test_following_goes_on_where_the_past_has_ended(
    docker: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_AGAIN", 0)
    # The container is replaced: docker ends, cannot find it, and goes on with the new one.
    docker(f"""echo "$@" >> {tmp_path}/asked
        case $(wc -l < {tmp_path}/asked) in
            1) echo {TIME}1Z past;;
            2) echo {TIME}2Z old;;
            3) echo "no such container"; exit 1;;
            4) echo {TIME}3Z new;;
            *) exec sleep 60;;
        esac""")
    source = Source(ROLL, "5m")
    assert [text for _, text in merged([source])] == [b"past"]
    lines = followed([source])
    assert [next(lines)[1], next(lines)[1]] == [b"old", b"new"]
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[0] == "logs --timestamps --since 5m fate-dev-9999-roll"
    assert asked[1] == f"logs --timestamps --follow --since {TIME}1.000000001Z fate-dev-9999-roll"
    assert f"--since {TIME}2.000000001Z" in asked[3]
