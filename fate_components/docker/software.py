"""What runs in a container, whatever it is: its image, its ports and how its health is probed."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

PortNumber = Annotated[int, Field(ge=1, le=65535)]


class Fact(BaseModel):
    """A fact about software, which nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpProbe(Fact):
    """A request that a working service answers in a known way.

    Args:
        port: the TCP port inside the container.
        path: the path of the URL.
        post: the JSON body to POST; without one, a GET is sent.
        headers: additional request headers; the container's shell expands their values.
        host: the address to send it to, for a service that does not listen on all of its own.
        answers: a basic regular expression that the response body matches.
    """

    port: PortNumber
    path: str
    post: str | None = None
    headers: dict[str, str] = {}
    host: str = "127.0.0.1"
    answers: str


class Probe(Fact):
    """A service works if it listens on all of these ports, or answers this request."""

    listens: tuple[PortNumber, ...] = ()
    http: HttpProbe | None = None


class Image(Fact):
    """The image of a service's container.

    Args:
        image: the official image.
        package: its replacement built from packages, a folder in `images.packages`; None if there
            is none.
        own: whether it is one that the stack file chooses, and so neither official nor built.
    """

    image: str
    package: str | None = None
    own: bool = False


class Software(Image):
    """A service, as its container needs to know it.

    Args:
        ports: the TCP ports that it listens on, by name.
        environment: the variables that its container always has.
        capabilities: the Linux capabilities that it needs, without CAP_.
        probe: how to tell that it works.
        cpus: how many CPUs its container may use; None for all.
        memory: how much memory its container may use, in MiB; None for all.
    """

    ports: Annotated[dict[str, PortNumber], Field(min_length=1)] = {}
    environment: dict[str, str] = {}
    capabilities: tuple[str, ...] = ()
    probe: Probe = Probe()
    cpus: float | None = None
    memory: int | None = None

    @property
    def port(self) -> int:
        """The service's only port, or its first."""
        return next(iter(self.ports.values()))
