"""Checks external database servers from a Docker host, before its containers exist. Run with -m.

The environment names the servers, standard input has the passwords. DOCKER_HOST selects the
daemon.
"""

import json
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...docker.client import cli
from ...docker.names import docker_name

_SECONDS = 90
_CLIENT = Path(__file__).with_name("mysql_client.py").read_text()
# FATE 1.3's image has no other Python on PATH.
_VENV = "/data/projects/python/venv/bin/activate"
# A server that accepts connections may never answer, and not every netcat has a limit for that.
_REDIS = r"""
IFS= read -r password
ask() { printf 'AUTH %s\r\nPING\r\nQUIT\r\n' "$password"; }
if command -v bash > /dev/null; then
  ask | bash -c 'exec 3<>/dev/tcp/$0/$1 && cat >&3 && cat <&3' "$0" "$1" &
else
  ask | nc "$0" "$1" &
fi
client=$!
(sleep 30; kill "$client") 2> /dev/null &
wait "$client" || [ $? -lt 128 ] || echo 'no answer within 30 s' >&2
"""


def mysql_command(*arguments: str) -> str:
    """The shell command that runs the client for MySQL, in a container of FATE Flow's image.

    Args:
        arguments: its arguments.
    """
    python = shlex.join(["python", "-c", _CLIENT, *arguments])
    return f"if [ -f {_VENV} ]; then . {_VENV}; fi; exec {python}"


class NoCheckError(Exception):
    """The check itself could not be run; the text explains why."""


def _in_container(command: list[str], stdin: str) -> subprocess.CompletedProcess[str]:
    """Run a shell command in a new container of the party, which is removed at its end."""
    stack, party = os.environ["STACK"], os.environ["PARTY"]
    labels = {"fate.stack": stack, "fate.party": party}
    name = docker_name(stack, party, "check", secrets.token_hex(4))
    arguments = [
        "run", "--rm", f"--name={name}", "--interactive", "--pull=never", "--init",
        "--log-driver=none",
        "--cap-drop=ALL", "--security-opt=no-new-privileges",
        *(f"--label={label}={value}" for label, value in labels.items()),
        f"--network={os.environ['NETWORK']}", "--entrypoint=sh", os.environ["IMAGE"],
        "-c", *command,
    ]  # fmt: skip
    try:
        done = cli.run(arguments, stdin=stdin, timeout=_SECONDS)
    finally:
        # It outlives a client that was ended, and would keep the network from being removed.
        cli.run(["rm", "--force", name])
    if done.returncode in (cli.NO_ANSWER, 125, 126, 127):
        raise NoCheckError(done.stderr.strip())
    return done


def mysql_faults(server: Mapping[str, Any], password: str) -> list[str]:
    """Why a MySQL cannot be used.

    Args:
        server: its address, port, user, database, and the grants that FATE needs.
        password: the user's password.

    Raises:
        NoCheckError: it could not be checked.
    """
    account = json.dumps({**server, "password": password})
    done = _in_container([mysql_command("check")], account)
    if done.returncode:
        raise NoCheckError((done.stderr.strip().splitlines() or ["no message"])[-1])
    return done.stdout.splitlines()


def redis_fault(said: str, errors: str) -> str | None:
    """Why a Redis cannot be used, from its answers to AUTH and PING; None if it can.

    Args:
        said: its answers.
        errors: what the client wrote to standard error.
    """
    answers = said.splitlines() or [""]
    if answers[:2] == ["+OK", "+PONG"]:
        return None
    if answers[0].startswith("-"):
        return f"the server refuses the password: correct it ({answers[0][1:]})"
    if not said:
        reason = (errors.strip().splitlines() or ["no answer"])[-1]
        return f"it cannot be reached: correct address or port, or open its port ({reason})"
    return f"what answers is not a Redis: correct address or port ({said[:100]!r})"


def faults(servers: Mapping[str, Any], passwords: Mapping[str, str]) -> Iterator[str]:
    """Why servers cannot be used, each with the key in the stack file.

    Args:
        servers: the servers by their keys.
        passwords: their passwords by their keys.

    Raises:
        NoCheckError: one could not be checked.
    """
    for key, server in servers.items():
        if "database" in server:
            server_faults = mysql_faults(server, passwords[key])
        else:
            command = [_REDIS, server["address"], str(server["port"])]
            done = _in_container(command, f"{passwords[key]}\n")
            server_faults = list(filter(None, [redis_fault(done.stdout, done.stderr)]))
        for fault in server_faults:
            yield (
                f"{key} of party {os.environ['PARTY']}, {server['address']}:{server['port']}: "
                f"{fault}"
            )


def main() -> None:
    """Check all servers; exit with 1 and every fault if one cannot be used."""
    servers = json.loads(os.environ["SERVERS"])
    try:
        all_faults = list(faults(servers, json.load(sys.stdin)))
    except NoCheckError as error:
        sys.exit(f"the databases of party {os.environ['PARTY']} could not be checked: {error}")
    if all_faults:
        sys.exit("\n".join(all_faults))
    print(f"{', '.join(servers)} of party {os.environ['PARTY']}: usable")


if __name__ == "__main__":
    main()
