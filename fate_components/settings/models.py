"""The keys of a stack file: every key is documented once, here, where its value is checked."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from pydantic.alias_generators import to_camel

NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?"
# A host name or an IPv4 address: what can stand in a route table.
ADDRESS = re.compile(rf"{_LABEL}(\.{_LABEL})*")
REGISTRY = re.compile(rf"{_LABEL}(\.{_LABEL})*(:[0-9]+)?(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)*")
ANYWHERE = "0.0.0.0"  # noqa: S104 - Docker's own default, and what KubeFATE publishes on
MIN_SECRET = 16


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(f"must be a whole number, not {str(value).lower()}")
    return value


def _text(value: object) -> object:
    # YAML reads 5000 or 1.3 as numbers where an operator meant a text.
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _docker_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme == "unix" and not url.netloc and url.path.startswith("/"):
        return value
    if url.scheme == "ssh" and url.hostname and url.path in ("", "/"):
        return value
    raise ValueError(f'"{value}" is no Docker host')


def _address(value: str) -> str:
    if not ADDRESS.fullmatch(value):
        raise ValueError(f'"{value}" is no host name or IPv4 address')
    return value


def _subnet(value: str) -> str:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError as error:
        raise ValueError(f'"{value}" is no IPv4 network: {error}') from error
    if network.prefixlen != 16:
        raise ValueError(f'"{value}" is a /{network.prefixlen}, and must be a /16')
    return value


def _registry(value: str) -> str:
    if value and not REGISTRY.fullmatch(value):
        raise ValueError(f'"{value}" is no registry (no scheme, no slash at the end)')
    return value


def _secret(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < MIN_SECRET:
        raise ValueError(f"has fewer than {MIN_SECRET} characters")
    return value


def _password(value: SecretStr) -> SecretStr:
    # It is written into files of four syntaxes; these characters are plain text in all of them.
    if not re.fullmatch(r"[A-Za-z0-9_.~+=@%^:,-]{8,}", value.get_secret_value()):
        raise ValueError(
            "must have 8 or more characters, of letters, digits and the signs _ . ~ + = @ % ^ : , -"
        )
    return value


Address = Annotated[str, BeforeValidator(_text), AfterValidator(_address)]
Password = Annotated[SecretStr, BeforeValidator(_text), AfterValidator(_password)]
Port = Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=65535)]
PartyId = Annotated[int, BeforeValidator(_no_bool), Field(ge=1)]


class _Keys(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )


class DockerHost(_Keys):
    """A machine with a Docker daemon that containers are put on."""

    docker: Annotated[str, AfterValidator(_docker_url)] = Field(
        description="how to reach the daemon: unix:///var/run/docker.sock or ssh://user@machine:22"
    )
    address: Address | None = Field(
        None,
        description="the host name or IPv4 address under which other machines reach its published "
        "ports; that of the ssh:// URL if not given",
    )
    subnet: Annotated[str, AfterValidator(_subnet)] | None = Field(
        None,
        description="an IPv4 /16 like 10.200.0.0/16 that is free there, from which the stack's "
        "Docker networks on this host are cut",
    )

    @property
    def reachable_at(self) -> str | None:
        """The address that other machines use, if one is known."""
        return self.address or urlsplit(self.docker).hostname


class Published(_Keys):
    """A port of a Docker host at which a service can be reached from outside its party.

    Args:
        port: the TCP port on the Docker host.
        ip: the address of the Docker host it is bound to; 0.0.0.0 means all of them.
    """

    port: Port
    ip: str = ANYWHERE

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            return value
        bound = re.fullmatch(r"(?:([0-9.]+):)?([0-9]+)", str(value))
        if isinstance(value, bool) or not bound:
            raise ValueError(f"{value!r} is neither a port nor ADDRESS:PORT")
        ip, port = bound[1] or ANYWHERE, int(bound[2])
        try:
            ipaddress.IPv4Address(ip)
        except ValueError as error:
            raise ValueError(f"{ip} is no IPv4 address") from error
        if not 1 <= port <= 65535:
            raise ValueError(f"{port} is no port; ports go from 1 to 65535")
        return {"port": port, "ip": ip}

    def clashes(self, other: "Published") -> bool:
        """Whether one machine can't publish both."""
        return self.port == other.port and (self.ip == other.ip or ANYWHERE in (self.ip, other.ip))

    @property
    def everywhere(self) -> bool:
        """Whether it is bound to all addresses of the Docker host."""
        return self.ip == ANYWHERE


class Mysql(_Keys):
    """A party's MySQL."""

    password: Password | None = Field(
        None, description="the password of the services' account; derived if not given"
    )
    root_password: Password | None = Field(
        None, description="the password of root; derived if not given"
    )


class Redis(_Keys):
    """A party's Redis."""

    password: Password | None = Field(None, description="its password; derived if not given")


class Rabbitmq(_Keys):
    """A party's RabbitMQ."""

    password: Password | None = Field(
        None, description="the password of its administrator fate; derived if not given"
    )


class Client(_Keys):
    """A party's notebook."""

    token: Password | None = Field(
        None, description="what the notebook asks for at the log-in; derived if not given"
    )


class Training(_Keys):
    """A party's training cluster; some keys are of one release line only."""

    eggs: Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=200)] = Field(
        1, description="how many eggs (storage and compute nodes) it has"
    )
    processors: Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=256)] | None = Field(
        None,
        description="how many processors each egg starts for a job; half of its machine's cores "
        "if not given",
    )
    publish: dict[str, Published] = Field(
        default_factory=dict,
        description="the ports on the Docker host, each PORT or ADDRESS:PORT, by the name of the "
        "service's port; FATE's usual ports if not given",
    )
    mysql: Mysql = Field(Mysql(), description="its MySQL: {password, rootPassword}")
    redis: Redis = Field(Redis(), description="its Redis: {password}")
    cores: Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=1024)] = Field(
        8, description="how many cores its jobs may use at once"
    )
    rabbitmq: Rabbitmq = Field(Rabbitmq(), description="its RabbitMQ: {password}")
    client: Client = Field(Client(), description="its notebook: {token}")


class Party(_Keys):
    """A party of the federation that this stack runs."""

    id: PartyId = Field(description="the party's id in the federation, like 9999")
    host: str = Field(description="the Docker host it runs on, a name under fate:hosts")
    training: Training = Field(
        Training(),
        description="its training cluster: {publish, mysql, …}, what the release has",
    )


class Peer(_Keys):
    """A party that somebody else runs: it gets routes and nothing else."""

    id: PartyId = Field(description="the party's id in the federation, like 10000")
    address: Address = Field(description="the host name or IPv4 address of its gateways")
    port: Port | None = Field(
        None, description="the port of its proxy (FATE 1.3), 9370 if not given"
    )
    ports: dict[str, Port] = Field(
        default_factory=dict,
        description="the ports of its gateways (FATE 2) by name, like {nginx-http: 9300}; FATE's "
        "usual ports if not given",
    )

    def ports_of(self, usual: Mapping[str, int]) -> dict[str, int]:
        """The ports of its gateways, by name.

        Args:
            usual: the names that the release knows, with FATE's usual numbers.
        """
        return {name: self.ports.get(name, self.port or port) for name, port in usual.items()}


class Exchange(_Keys):
    """The exchange: a proxy that all parties' traffic goes through."""

    host: str | None = Field(
        None, description="the Docker host to run it on, a name under fate:hosts"
    )
    address: Address | None = Field(
        None, description="the host name or IPv4 address of an exchange that somebody else runs"
    )
    port: Port | None = Field(
        None, description="its port on the Docker host, 9371 if not given; somebody else's: theirs"
    )

    @model_validator(mode="after")
    def _here_or_elsewhere(self) -> Self:
        if (self.host is None) == (self.address is None):
            raise ValueError(
                "needs either host, to run the exchange on one of fate:hosts, or address, to use "
                "one that somebody else runs"
            )
        return self


def _engine(value: object) -> object:
    # KubeFATE writes RabbitMQ and Spark_local, FATE's own files rabbitmq.
    return value.lower() if isinstance(value, str) else value


Engine = Annotated[str, BeforeValidator(_engine)]


class Engines(_Keys):
    """What FATE 2 computes with, sends by and stores in."""

    computing: Engine = Field("standalone", description="standalone or spark_local")
    federation: Engine = Field("rabbitmq", description="rabbitmq")
    storage: Engine | None = Field(
        None, description="what fits computing, if not given: standalone, or localfs"
    )


class Settings(_Keys):
    """Everything a stack file says."""

    release: Annotated[str, BeforeValidator(_text)] = Field(
        description="the FATE release to deploy"
    )
    hosts: dict[str, DockerHost] = Field(
        description="the Docker hosts by name, each {docker, address, subnet}", min_length=1
    )
    parties: tuple[Party, ...] = Field(
        description="the parties this stack runs, each {id, host, training}", min_length=1
    )
    peers: tuple[Peer, ...] = Field(
        (), description="the parties that others run, each {id, address, port}"
    )
    exchange: Exchange | None = Field(
        None, description="the exchange that connects the parties: {host, port} or {address, port}"
    )
    engines: Engines | None = Field(
        None, description="the engines of FATE 2: {computing, federation, storage}"
    )
    images: Literal["registry", "packages"] = Field(
        "registry",
        description="where images come from: registry (FATE's official ones) or packages (built on "
        "the Docker hosts from Debian's and PyPI's packages)",
    )
    registry: Annotated[str, AfterValidator(_registry)] = Field(
        "", description="where all images come from, like registry.example.org:5000"
    )
    master_secret: Annotated[SecretStr, BeforeValidator(_text), AfterValidator(_secret)] = Field(
        description="what every password is derived from; make one with "
        "`pulumi config set --secret fate:masterSecret $(openssl rand -hex 32)`"
    )
    keep_data: bool = Field(
        True, description="whether destroy leaves the volumes with data on the hosts: true, false"
    )

    verify: bool = Field(
        False, description="whether a toy job between the parties ends every up: true, false"
    )

    def passwords_set(self) -> Iterator[tuple[str | int, ...]]:
        """Where the stack file sets a password of its own."""
        for index, party in enumerate(self.parties):
            for service in ("mysql", "redis", "rabbitmq", "client"):
                accounts = getattr(party.training, service)
                for name in sorted(accounts.model_fields_set):
                    yield ("parties", index, "training", service, to_camel(name))
