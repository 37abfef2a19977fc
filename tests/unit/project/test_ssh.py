"""The ssh command that Docker's calls find on PATH."""

import os
import socket
import stat
import subprocess
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

WRAPPER = Path(__file__).parents[3] / "toolchain" / "ssh"
DIAL = "-o ConnectTimeout=30 -T -l root -p 22 -- b.example.org docker system dial-stdio"
OWN = "-o BatchMode=yes -l root -p 22 -- b.example.org docker system dial-stdio"
COMMAND = "docker system dial-stdio"
# Opens a connection like ssh -M, or says how it was called.
SSH = """#!/bin/sh
echo "$*" >> {log}
case "$*" in
  *ControlMaster=yes*) if [ -e {folder}/down ]; then cat {folder}/down >&2; exit 255; fi
    control=$(printf '%s' "$*" | sed 's/.*-oControlPath=\\([^ ]*\\).*/\\1/')
    exec {python} -c "import socket, sys; socket.socket(1).bind(sys.argv[1])" "$control" ;;
  *) echo "ran $*" ;;
esac
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "bin").mkdir()
    ssh = tmp_path / "bin" / "ssh"
    python = WRAPPER.parents[1] / ".venv" / "bin" / "python"
    ssh.write_text(SSH.format(log=tmp_path / "log", folder=tmp_path, python=python))
    ssh.chmod(0o755)
    (tmp_path / "log").touch()
    run = tmp_path / "run"
    run.mkdir()
    path = [str(WRAPPER), str(ssh.parent), os.defpath]
    return {"PATH": os.pathsep.join(path), "XDG_RUNTIME_DIR": str(run)}


def call(env: dict[str, str], arguments: str) -> str:
    options, command, _ = arguments.partition(COMMAND)
    done = subprocess.run(
        ["ssh", *options.split(), *filter(None, [command])],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def opened(tmp_path: Path) -> list[str]:
    return [line for line in (tmp_path / "log").read_text().splitlines() if "Master=yes" in line]


def test_what_is_not_dockers_runs_unchanged(env: dict[str, str], tmp_path: Path) -> None:
    assert call(env, "-p 22 b.example.org uptime") == "ran -p 22 b.example.org uptime"
    assert not list((tmp_path / "run").iterdir())


def test_an_ssh_command_that_runs_this_one_is_not_run_by_it(
    env: dict[str, str], tmp_path: Path
) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    (outer / "ssh").write_text(f'#!/bin/sh\nexec {WRAPPER}/ssh -F config "$@"\n')
    (outer / "ssh").chmod(0o755)
    inner = {**env, "PATH": f"{outer}{os.pathsep}{env['PATH']}"}
    assert call(inner, "b.example.org uptime") == "ran -F config b.example.org uptime"
    alone = {**env, "PATH": f"{outer}{os.pathsep}{os.defpath}"}
    with pytest.raises(subprocess.CalledProcessError) as error:
        call(alone, "b.example.org uptime")
    assert "install the OpenSSH client" in error.value.stderr


def test_calls_share_a_connection_that_is_opened_without_the_command(
    env: dict[str, str], tmp_path: Path
) -> None:
    said = call(env, DIAL)
    (control,) = (tmp_path / "run").glob("*/*-?")
    assert said == f"ran -oControlMaster=no -oControlPath={control} {DIAL}"
    (line,) = opened(tmp_path)
    assert line.endswith(DIAL.removesuffix(f" {COMMAND}"))
    assert stat.S_IMODE(control.parent.stat().st_mode) == 0o700


def test_an_open_connection_is_used_by_all_that_call_the_same_host(
    env: dict[str, str], tmp_path: Path
) -> None:
    call(env, DIAL)
    (control,) = (tmp_path / "run").glob("*/*-?")
    control.unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(control))
        listener.listen()
        for dial in (DIAL, OWN):
            assert call(env, dial) == f"ran -oControlMaster=no -oControlPath={control} {dial}"
        assert len(opened(tmp_path)) == 1
        call(env, DIAL.replace("root", "other"))
    assert len(opened(tmp_path)) == 2


def test_a_further_connection_is_opened_when_the_others_are_full(
    env: dict[str, str], tmp_path: Path
) -> None:
    call(env, DIAL)
    (control,) = (tmp_path / "run").glob("*/*-?")
    with ExitStack() as sessions:
        for _ in range(8):
            process = sessions.enter_context(Popen(["cat"], stdin=PIPE))
            control.with_name(f"{control.name}+{process.pid}").touch()
        assert f"ControlPath={control.with_name(control.name[:-1])}1 " in call(env, DIAL)
    assert f"ControlPath={control} " in call(env, DIAL), "its sessions have ended"
    assert len(list(control.parent.glob("*+*"))) == 1, "sessions that have ended leave nothing"


def test_without_a_shared_connection_ssh_runs_as_it_was_called(
    env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "down").write_text("root@b.example.org: Permission denied (publickey).\n")
    assert call(env, DIAL) == f"ran {DIAL}"
    assert call(env, DIAL) == f"ran {DIAL}"
    assert len(opened(tmp_path)) == 1, "an attempt that failed is not repeated at once"
    (tmp_path / "run").rename(tmp_path / "gone")
    assert call(env, DIAL) == f"ran {DIAL}"


def test_a_machine_that_cannot_be_reached_is_tried_once(
    env: dict[str, str], tmp_path: Path
) -> None:
    says = "ssh: connect to host b.example.org port 22: No route to host"
    (tmp_path / "down").write_text(f"{says}\n")
    for _ in range(3):
        with pytest.raises(subprocess.CalledProcessError) as error:
            call(env, DIAL)
        assert (error.value.returncode, error.value.stderr.strip()) == (255, says)
    assert len((tmp_path / "log").read_text().splitlines()) == 1


def test_others_cannot_offer_a_connection(env: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "run" / f"fate-ssh-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    assert call(env, DIAL) == f"ran {DIAL}"
    assert opened(tmp_path) == []
