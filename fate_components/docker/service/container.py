"""What a container should be like: its files, its volumes, its networks and its ports."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..networks import Attachment
from ..ports import Published


@dataclass(frozen=True)
class File:
    """A file that is copied into a container before it starts; a change replaces the container.

    Args:
        path: its absolute path in the container.
        content: its text.
        secret: whether it contains a password: neither previews nor state files show it, and in
            the container only root can read it.
        executable: whether it is executable.
        reread: whether the service rereads it by itself. Later versions are then delivered into
            the running container by other means and replace nothing. Such a file keeps its index
            in the list of files, by which the engine identifies it.
        extended: whether the service adds to its end when it first starts.
    """

    path: str
    content: str
    secret: bool = False
    executable: bool = False
    reread: bool = False
    extended: bool = False

    def expects(self, content: str) -> bool:
        """Whether the file in the container has the content that it should have."""
        return content == self.content or (self.extended and content.startswith(self.content))


@dataclass(frozen=True)
class Volume:
    """A Docker volume: data that outlives the container.

    Args:
        name: the last part of its name, like mysql or egg-2.
        path: its mount path in the container.
        shared: whether it belongs to another service and is only mounted here.
    """

    name: str
    path: str
    shared: bool = False


@dataclass(frozen=True)
class HostFolder:
    """A folder of the Docker host that a container can read.

    Args:
        folder: its absolute path on the host.
        path: its mount path in the container.
        writable: whether the container can also write to it.
        required: whether the container does not start without it; otherwise Docker creates it.
    """

    folder: str
    path: str
    writable: bool = False
    required: bool = False


@dataclass(frozen=True)
class Container:
    """The specification of a service's container.

    Args:
        service: the service's name in the release.
        networks: the networks it is attached to, and its address in each.
        name: the container's name, if it differs from the service's.
        command: the command line to use instead of the image's own.
        environment: variables in addition to those of the release.
        files: the files copied into it.
        volumes: the volumes mounted in it.
        folders: the folders of the Docker host mounted in it.
        published: where its ports are published on the Docker host, by their names.
        forwarded: further published ports: each port in the container, and where it is published.
        check: the shell command that checks its health, if the release has no probe for it.
        stop_seconds: how long it may take to stop before it is killed, when it is removed.
    """

    service: str
    networks: Sequence[Attachment]
    name: str = ""
    command: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    files: Sequence[File] = ()
    volumes: Sequence[Volume] = ()
    folders: Sequence[HostFolder] = ()
    published: dict[str, Published] = field(default_factory=dict)
    forwarded: Sequence[tuple[int, Published]] = ()
    check: str = ""
    stop_seconds: int = 60
