"""Removes a Docker host that is gone for good from the state of a stack."""

from collections.abc import Iterator, Mapping, Sequence

from pulumi import automation as auto

from ..docker.client import tls_files
from ..settings import DockerHost
from ..settings.hosts import certificates
from . import recorded
from .recorded import Resource
from .stack import Stack
from .up import unreachable


class ForgetError(Exception):
    """A Docker host that must not be forgotten; the text explains why, and what to do instead."""


def check(
    host: str, known: Mapping[str, DockerHost], wanted: Mapping[str, DockerHost], stack: str
) -> None:
    """Refuse to forget a Docker host that is still wanted, or that nothing is known of.

    Args:
        host: its name.
        known: the Docker hosts in the state.
        wanted: those in the stack file.
        stack: the stack's name.

    Raises:
        ForgetError: it is in the stack file, or not in the state.
    """
    if host not in known:
        names = ", ".join(sorted(known)) or "none"
        raise ForgetError(
            f"the state of stack {stack} has nothing on a Docker host {host}; its Docker hosts: "
            f"{names}"
        )
    if host not in recorded.gone(known, wanted):
        raise ForgetError(
            f"Docker host {host} is still in the stack file. If it is gone for good, remove "
            f"fate:hosts.{host} and what parties have there, or set fate:hosts.{host}.docker to "
            "the machine that replaces it, and run `fatectl forget` again. Until it is back, "
            "`fatectl up` updates the others"
        )


def told(host: str, lost: Sequence[Resource]) -> Iterator[str]:
    """What is about to be forgotten, line by line.

    Args:
        host: the Docker host's name.
        lost: what the state has there.
    """
    named = {kind: recorded.objects(lost, kind) for kind in ("container", "volume", "network")}
    for kind, names in named.items():
        if names:
            yield f"  {len(names)} {kind}{'s' if len(names) > 1 else ''}: {', '.join(names)}"
    others = len(lost) - sum(map(len, named.values()))
    yield f"  {others} other resources, such as images and the settings of containers"
    if named["volume"]:
        yield (
            f"The data in these volumes is on {host} only, and lost with it unless there is a "
            "backup."
        )


class Forgetting:
    """A Docker host that is to be removed from a stack's state.

    Args:
        project: the project's workspace.
        stack: the stack, without the Docker host or with it on another machine.
        host: the Docker host's name.

    Raises:
        ForgetError: it is in the stack file, or not in the state, or it answers.
    """

    url: str
    """How its daemon was reached."""
    silence: str
    """Why that does not answer."""
    lost: Sequence[Resource]
    """What the state has there."""

    def __init__(self, project: auto.LocalWorkspace, stack: Stack, host: str) -> None:
        self._project, self._stack = project, stack.name
        self._state = project.export_stack(stack.name)
        deployment = dict(self._state.deployment or {})
        known = recorded.docker_hosts(deployment.get("resources", []))
        check(host, known, stack.settings.hosts, stack.name)
        tls_files.write(certificates({host: known[host]}))
        self.url = known[host].docker
        silent = unreachable({host: self.url})
        if host not in silent:
            raise ForgetError(
                f"Docker host {host} ({self.url}) answers: `pulumi up` removes what the stack has "
                "there, so that nothing runs on unnoticed"
            )
        self.silence = silent[host]
        self._left, self.lost = recorded.without(deployment, host)

    def check_unchanged(self) -> None:
        """Check that the state is still as it was, because somebody has taken time to decide.

        Raises:
            ForgetError: it has changed.
        """
        if self._project.export_stack(self._stack).deployment != self._state.deployment:
            raise ForgetError(
                f"the state of stack {self._stack} has changed in the meantime; try again"
            )

    def forget(self) -> None:
        """Save the state without the Docker host."""
        left = auto.Deployment(version=self._state.version, deployment=self._left)
        self._project.import_stack(self._stack, left)
