"""fatectl up: `pulumi up` without the Docker hosts that do not answer."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer
from rich.console import Console

from ..docker.daemon import Daemon, NoAnswerError
from ..docker.survey import LEFT_OUT
from ..topology import called, plan
from .failure import failure
from .stack import StackError, StackOption, read, workspace

PARTIAL = 3
"""The exit code if everything was updated but what is on the Docker hosts that were left out."""

_PROVIDER = "pulumi:providers:docker"

Resource = Mapping[str, Any]
"""A resource as the state describes it."""


def providers(resources: Iterable[Resource]) -> dict[str, str]:
    """How to reach the Docker hosts that have something of a stack, by their names.

    Args:
        resources: the resources in the stack's state.
    """
    return {
        _name(resource): resource["inputs"]["host"]
        for resource in resources
        if resource["type"] == _PROVIDER and "host" in resource.get("inputs", {})
    }


def excluded(resources: Iterable[Resource], hosts: Iterable[str]) -> list[str]:
    """The resources to leave out, as the option --exclude of `pulumi up` names them.

    Those that depend on them are left out by --exclude-dependents.

    Args:
        resources: the resources in the stack's state.
        hosts: the names of the Docker hosts to leave out.
    """
    left_out = set(hosts)
    on_them = [
        resource["urn"]
        for resource in resources
        if _PROVIDER in resource.get("provider", "")
        and resource["provider"].split("::")[-2] in left_out
    ]
    # The state does not have what is to be created.
    return [*(f"**{_PROVIDER}::{host}" for host in sorted(left_out)), *on_them]


def _name(resource: Resource) -> str:
    return str(resource["urn"].rpartition("::")[2])


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
    wanted = {name: host.docker for name, host in found.settings.hosts.items()}
    down = unreachable(providers(resources) | wanted)
    planned = plan(found.settings, found.release, found.name)
    for host, why in down.items():
        users = ", ".join(map(called, planned.users(host))) or "nothing"
        console.print(
            f"fatectl: Docker host {host} does not answer and is left out (it runs {users}): {why}",
            markup=False,
        )
    command = ["pulumi", "up", "--stack", found.name, *(["--yes"] if yes else [])]
    if down:
        command += ["--exclude-dependents", "--continue-on-error"]
        command += [f"--exclude={urn}" for urn in excluded(resources, down)]
    environment = {**os.environ, **environment, LEFT_OUT: " ".join(down)}
    code = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    if code or not down:
        raise typer.Exit(code)
    console.print(
        f"fatectl: partial: Docker host {', '.join(down)} was left out; run it again once it "
        "answers",
        markup=False,
    )
    raise typer.Exit(PARTIAL)
