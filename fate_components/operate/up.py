"""An update of a stack without the Docker hosts that do not answer."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..docker.client import tls_files
from ..docker.client.daemon import Daemon, NoAnswerError
from ..docker.inspect.survey import LEFT_OUT
from ..plan.endpoints import display_name
from ..settings import DockerHost
from ..settings.hosts import certificates
from . import recorded
from .recorded import Resource
from .stack import Stack


@dataclass(frozen=True)
class Update:
    """What an update of a stack leaves out, and how `pulumi up` is told so.

    Args:
        left_out: the names of the Docker hosts that do not answer.
        sentences: one about each of them.
        expected: whether one of them may answer again, because the stack file still has it.
        options: the options for `pulumi up`.
        environment: the variables for the program that it runs.
    """

    left_out: Sequence[str]
    sentences: Sequence[str]
    expected: bool
    options: Sequence[str]
    environment: Mapping[str, str]


def update(stack: Stack, resources: Collection[Resource]) -> Update:
    """Ask the Docker hosts of a stack which of them an update must leave out.

    Args:
        stack: the stack.
        resources: the resources in its state, with their secrets.

    Raises:
        MovedError: the stack file has one that does not answer on another machine.
    """
    wanted = stack.settings.hosts
    gone = recorded.gone(recorded.docker_hosts(resources), wanted)
    tls_files.write(certificates(gone))
    silent = unreachable({name: host.docker for name, host in (wanted | gone).items()})
    check(silent, gone, wanted)
    sentences = [
        left_out(host, why, recorded.users(resources, host), stack.plan.users(host), host in gone)
        for host, why in silent.items()
    ]
    options: list[str] = []
    if silent:
        options += ["--exclude-dependents", "--continue-on-error"]
        options += [f"--exclude={urn}" for urn in recorded.excluded(resources, silent)]
    return Update(
        left_out=[*silent],
        sentences=sentences,
        expected=any(host not in gone for host in silent),
        options=options,
        environment={LEFT_OUT: " ".join(silent)},
    )


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
    sentence = f"Docker host {host} does not answer and is left out ({runs}): {why}"
    if not gone:
        return sentence
    return (
        f"{sentence}. The stack file no longer has it: if it is gone for good, run `fatectl forget "
        f"{host}`, after which `pulumi up` works again"
    )


def _listed(users: Sequence[str]) -> str:
    return ", ".join(map(display_name, users)) or "nothing"
