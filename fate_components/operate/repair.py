"""Clears what an interrupted pulumi has left, so that `pulumi up` can go on."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import psutil
from pulumi import automation as auto

_LOCKS = ".pulumi/locks/organization"
_END_SECONDS = 10  # after which a plugin that ignores the signal is killed


class RepairError(Exception):
    """A stack that must not be repaired now; the text explains why."""


@dataclass(frozen=True)
class Lock:
    """The lock that an operation holds on a stack.

    Args:
        pid: the id of its pulumi process.
        username: who started it.
        hostname: the machine that it runs on.
        timestamp: when it took the lock.
    """

    pid: int
    username: str
    hostname: str
    timestamp: str

    def __str__(self) -> str:
        return f"pulumi (pid {self.pid}) of {self.username} on {self.hostname}, {self.timestamp}"


def locks(backend: str, project: str, stack: str) -> Iterator[Lock]:
    """The locks on a stack in a backend of files; other backends end them by themselves.

    The layout is that of Pulumi's file backend (pkg/backend/diy, lockFile).

    Args:
        backend: the backend's URL.
        project: the project's name.
        stack: the stack's name.
    """
    root = _root(backend)
    for file in root.glob(f"{_LOCKS}/{project}/{stack}/*.json") if root else ():
        written = json.loads(file.read_text())
        yield Lock(*(written[key] for key in ("pid", "username", "hostname", "timestamp")))


def cut_off(backend: str, project: str, stack: str) -> list[Path]:
    """The files with attributes of a stack's state that a killed pulumi had begun to write.

    They contain a checksum, and Pulumi can do without them; but it cannot read a state beside which
    there is an incomplete one. The state itself is written completely or not at all.

    Args:
        backend: the backend's URL; only one of files has them.
        project: the project's name.
        stack: the stack's name.
    """
    root = _root(backend)
    if root is None:
        return []
    incomplete = []
    for pattern in (f".pulumi/stacks/{project}/{stack}.json*", f"{_LOCKS}/{project}/{stack}/*"):
        for file in root.glob(f"{pattern}.attrs"):
            try:
                json.loads(file.read_text())
            except ValueError:
                incomplete.append(file)
    return incomplete


def _root(backend: str) -> Path | None:
    if not backend.startswith("file://"):
        return None
    return Path(unquote(backend.removeprefix("file://").partition("?")[0])).expanduser()


def alive(pid: int) -> bool:
    """Whether a process of pulumi with this id runs on this machine."""
    try:
        process = psutil.Process(pid)
        return process.name() == "pulumi" and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def check(held: list[Lock], other_machine: bool) -> None:
    """Refuse to release locks whose operation may still run.

    Args:
        held: the locks.
        other_machine: whether the operator says that operations on other machines have ended.

    Raises:
        RepairError: an operation runs, or may run on another machine.
    """
    for lock in held:
        if lock.hostname != socket.gethostname():
            if not other_machine:
                raise RepairError(
                    f"the stack is locked by {lock}. If it has ended there, run "
                    "`fatectl repair --other-machine`"
                )
        elif alive(lock.pid):
            raise RepairError(
                f"the stack is locked by {lock}, which is running. Wait for it, or end it with "
                "Ctrl-C"
            )


def orphans(folder: Path) -> list[psutil.Process]:
    """The plugins of this project whose engine has ended.

    Args:
        folder: the folder of the project, in which its plugins run.
    """
    left = []
    for process in psutil.process_iter(["name", "cwd"]):
        # Linux cuts the name at 15 characters.
        if not (process.info["name"] or "").startswith("pulumi-resource"):
            continue
        if process.info["cwd"] and Path(process.info["cwd"]) == folder:
            parent = process.parent()
            if parent is None or parent.name() != "pulumi":
                left.append(process)
    return left


def end(processes: list[psutil.Process]) -> None:
    """End processes, with a signal that they cannot ignore if need be."""
    for process in processes:
        process.terminate()
    _, left = psutil.wait_procs(processes, timeout=_END_SECONDS)
    for process in left:
        process.kill()


def clear_pending(workspace: auto.LocalWorkspace, stack: str) -> list[str]:
    """Remove the operations from the state that an earlier pulumi did not finish.

    What they may have created is found by its name in the next `pulumi up`.

    Returns:
        The operations, each with its resource.
    """
    state = workspace.export_stack(stack)
    deployment = dict(state.deployment or {})
    pending = deployment.pop("pending_operations", None) or []
    if pending:
        repaired = auto.Deployment(version=state.version, deployment=deployment)
        workspace.import_stack(stack, repaired)
    return [
        f"{operation['type']} {operation['resource']['urn'].rpartition('::')[2]}"
        for operation in pending
    ]


def repair(
    workspace: auto.LocalWorkspace,
    stack: str,
    say: Callable[[str], None],
    other_machine: bool = False,
) -> None:
    """Repair a stack.

    Args:
        workspace: the project's workspace.
        stack: the stack's name.
        say: told what was done.
        other_machine: whether the operator says that operations on other machines have ended.

    Raises:
        RepairError: an operation runs, or may run on another machine.
    """
    project = workspace.project_settings().name
    url = workspace.who_am_i().url or ""
    held = list(locks(url, project, stack))
    check(held, other_machine)
    left = orphans(Path(workspace.work_dir).resolve())
    end(left)
    for process in left:
        say(f"ended {process.info['name']} (pid {process.pid}), whose engine had ended")
    incomplete = cut_off(url, project, stack)
    for file in incomplete:
        file.unlink()
        say(f"removed {file.name}, which was not written completely")
    if held:
        workspace.pulumi_command.run(
            ["cancel", "--yes", "--stack", stack], workspace.work_dir, workspace.env_vars
        )
        for lock in held:
            say(f"released the lock of {lock}, which has ended")
    cleared = clear_pending(workspace, stack)
    for operation in cleared:
        say(f"cleared the unfinished operation: {operation}")
    if not (left or held or cleared or incomplete):
        say("nothing to repair")
