"""fatectl up: `pulumi up` without the Docker hosts that do not answer."""

import os
import subprocess
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import typer
from rich.console import Console

from ..docker.client import tls_files
from ..docker.client.daemon import Daemon, NoAnswerError
from ..docker.inspect.survey import LEFT_OUT
from ..lines import plan
from ..operate.stack import StackError
from ..plan.endpoints import display_name
from ..settings import DockerHost
from ..settings.hosts import certificates
from . import recorded
from .failure import failure
from .stack import StackOption, read, workspace

PARTIAL = 3
"""The exit code if everything was updated but what is on the Docker hosts that were left out."""


def unreachable(docker_hosts: Mapping[str, str]) -> dict[str, str]:
    """Why Docker hosts do not answer, by their names; those that do are missing.

    Args:
        docker_hosts: how to reach the daemons, by the hosts' names.
    """

    def reason(docker_host: str) -> str | None:
        try:
            Daemon(docker_host).get("/version")
        except NoAnswerError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(max_workers=32) as threads:
        reasons = threads.map(reason, docker_hosts.values())
        return {name: why for name, why in zip(docker_hosts, reasons, strict=True) if why}


class MovedError(Exception):
    """A Docker host that the stack file has on another machine, while the old one is silent."""


def check(silent: Iterable[str], gone: Collection[str], wanted: Mapping[str, DockerHost]) -> None:
    """Refuse to update Docker hosts of which the engine would ask a machine that is silent.

    Args:
        silent: the Docker hosts that do not answer.
        gone: those in the state that the stack file does not have on the same machine.
        wanted: those in the stack file.

    Raises:
        MovedError: the stack file has one of them on another machine.
    """
    for host in silent:
        if host in gone and host in wanted:
            raise MovedError(
                f"fate:hosts.{host}.docker is {wanted[host].docker}, and what the state has of "
                f"Docker host {host} is on another machine, which does not answer. If that is gone "
                f"for good, run `fatectl forget {host}` and then `pulumi up`"
            )


def left_out(host: str, why: str, has: Sequence[str], wanted: Sequence[str], gone: bool) -> str:
    """A sentence about a Docker host that is left out.

    Args:
        host: its name.
        why: why it does not answer.
        has: who has containers there, from the state.
        wanted: who is to have some, from the stack file.
        gone: whether the stack file no longer has it.
    """
    runs = f"it runs {_listed(has)}" if has or not wanted else f"it is to run {_listed(wanted)}"
    said = f"Docker host {host} does not answer and is left out ({runs}): {why}"
    if not gone:
        return said
    return (
        f"{said}. The stack file no longer has it: if it is gone for good, run `fatectl forget "
        f"{host}`, after which `pulumi up` works again"
    )


def _listed(users: Sequence[str]) -> str:
    return ", ".join(map(display_name, users)) or "nothing"


def up(
    stack: StackOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask after the preview.")] = False,
) -> None:
    """Like `pulumi up`, but leaves out Docker hosts that do not answer: exit code 3 if any."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        found = read(stack)
        with workspace(found.name) as (project, name):
            resources = (project.export_stack(name).deployment or {}).get("resources", [])
            folder, environment = project.work_dir, project.env_vars
    except StackError as error:
        raise failure(error) from None
    wanted = found.settings.hosts
    gone = recorded.gone(recorded.docker_hosts(resources), wanted)
    tls_files.write(certificates(gone))
    down = unreachable({name: host.docker for name, host in (wanted | gone).items()})
    try:
        check(down, gone, wanted)
    except MovedError as error:
        raise failure(error) from None
    planned = plan(found.settings, found.release, found.name)
    for host, why in down.items():
        has = recorded.users(resources, host)
        said = left_out(host, why, has, planned.users(host), host in gone)
        console.print(f"fatectl: {said}", markup=False)
    command = ["pulumi", "up", "--stack", found.name, *(["--yes"] if yes else [])]
    if down:
        command += ["--exclude-dependents", "--continue-on-error"]
        command += [f"--exclude={urn}" for urn in recorded.excluded(resources, down)]
    environment = {**os.environ, **environment, LEFT_OUT: " ".join(down)}
    code = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    if code or not down:
        raise typer.Exit(code)
    back = [host for host in down if host not in gone]
    console.print(
        f"fatectl: partial: Docker host {', '.join(down)} was left out"
        + ("; run it again once it answers" if back else ""),
        markup=False,
    )
    raise typer.Exit(PARTIAL)
