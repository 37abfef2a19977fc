"""The keys that every stack file has, in any release line.

Each key is documented once, where its value is checked: here, or in its release line's settings.py.
docs/configuration.md, the schema for editors and the errors take its description from there.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from ..release import Release
from . import addresses
from .errors import Location, Mistake, shown, unknown_host
from .keys import Keys, Secret, Text
from .tls import Certificate, DockerTls, ExchangeTls, PeerTls, Tls

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PLAIN_DIGITS = re.compile(r"-?(0|[1-9][0-9]{0,18})")
# The start of an image reference, as Docker defines it: a registry, a path on it, or both.
_LABEL = r"[A-Za-z0-9]+(-+[A-Za-z0-9]+)*"
_PATH = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_REGISTRY = re.compile(rf"({_PATH}|{_LABEL}(\.{_LABEL})*(:(?P<port>[0-9]{{1,5}}))?)(/{_PATH})*")
# A full one needs a tag or a digest: the name alone would mean whatever is latest.
_REFERENCE = re.compile(
    r"(?P<name>[^@]+?)(:\w[\w.-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})", re.ASCII
)
_MAX_IMAGE = 255
_MAX_FOLDER = 1000  # of the 4096 that Linux allows
_SYSTEM = {
    "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin", "sys",
    "tmp", "usr",
}  # fmt: skip
_SYSTEM_VAR = ("/var/lib/docker/", "/var/lib/containerd/", "/var/run/", "/var/tmp/")  # noqa: S108
_MIN_CPUS, _MAX_CPUS = 0.01, 1024
_MIN_MEMORY = 6  # MiB
_MAX_REGISTRY = 200  # of the 255 characters that Docker allows for an image's name
ANYWHERE = "0.0.0.0"  # noqa: S104 - for ports that other parties call
LOOPBACK = "127.0.0.1"
TRAINING, SERVING = "training", "serving"
MAX_PARTIES = 239
"""How many parties a Docker host's subnet has room for."""
_MIN_SECRET = 16
# 10.192.0.0/16 to 10.239.0.0/16: outside the ranges that Docker picks by itself, and the usual
# ranges of flannel and Kubernetes.
_FIRST_SUBNET, _SUBNETS = 192, 48


def _whole(value: object) -> object:
    """A whole number, which may be written as a text of plain digits.

    Pydantic accepts more in a text: underscores, spaces around it, a plus sign, leading zeros.
    """
    if isinstance(value, bool):
        raise ValueError(f"must be a whole number, not {str(value).lower()}")
    if isinstance(value, str) and not _PLAIN_DIGITS.fullmatch(value):
        raise ValueError(f"must be a whole number in plain digits like 1000, not {shown(value)}")
    return value


def _registry(value: str) -> str:
    found = _REGISTRY.fullmatch(value)
    if value and not found:
        raise ValueError(f"{shown(value)} is not a registry (use no scheme and no trailing slash)")
    if found and found["port"] and not 1 <= int(found["port"]) <= 65535:
        raise ValueError(f"{shown(value)}: its port is not a number from 1 to 65535")
    if len(value) > _MAX_REGISTRY:
        raise ValueError(f"{shown(value)} has more than {_MAX_REGISTRY} characters")
    return value


def _registry_address(value: str) -> str:
    if "/" in value or not _REGISTRY.fullmatch(value) or _registry(value) != value:
        raise ValueError(
            f"{shown(value)} is not the address of a registry, like docker.io or r:5000"
        )
    return value


def _given(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise ValueError("is empty")
    return value


def _user(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError(f"{shown(value)} is not a user name")
    return value


def _secret(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _MIN_SECRET:
        raise ValueError(f"has fewer than {_MIN_SECRET} characters")
    return value


def password(value: SecretStr) -> SecretStr:
    """A password for a service of this stack, unchanged.

    Raises:
        ValueError: it is too short, or its services could not read it.
    """
    # Passwords are written into files of four formats; these characters are plain text in all.
    if not re.fullmatch(r"[A-Za-z0-9_.~+=@%^:,-]{8,}", value.get_secret_value()):
        raise ValueError(
            "must have 8 or more characters: letters, digits and the symbols _ . ~ + = @ % ^ : , -"
        )
    return value


def _password_elsewhere(value: SecretStr) -> SecretStr:
    # Somebody else has chosen it, so it may contain all that FATE's services can read.
    if not re.fullmatch(r"[!#%&(-\[\]-_a-z|~]+", value.get_secret_value()):
        raise ValueError(
            "must consist of letters, digits and symbols, without quotes, spaces and \\ $ ` { }, "
            "which FATE's services cannot read; change it on the server"
        )
    return value


def _account(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.@-]{1,32}", value):
        raise ValueError(
            f"{shown(value)} is not an account that FATE can use (up to 32 letters, digits and "
            "_ . @ -)"
        )
    return value


def _database(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value):
        raise ValueError(
            f"{shown(value)} is not a database that FATE can use (up to 64 letters, digits and _ -)"
        )
    return value


def _bind(value: str) -> str:
    found = addresses.ipv4(value)
    if not found:
        raise ValueError(f"{shown(value)} is not an IPv4 address")
    if found.is_loopback:
        raise ValueError(f"{value} is not reachable from other machines; use publish for one port")
    return value


def _size(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,5}[kmgKMG]", value):
        raise ValueError(f"{shown(value)} is not a size like 500k, 10m or 1g")
    # One spelling, because Docker keeps the text, and another one would replace the container.
    return value.lower()


def _path(value: str) -> str:
    if not value.strip() or not value.isprintable() or value.startswith(("[", "{")):
        raise ValueError(f"{shown(value)} is not the path of a file")
    return value


def folder(value: str) -> str:
    """A folder on a Docker host, without a slash at its end.

    Raises:
        ValueError: it is not an absolute path that Docker can mount, or belongs to the system.
    """
    found = value.rstrip("/")
    parts = found.split("/")[1:]
    if not re.fullmatch(r"(/[A-Za-z0-9_.+@-]{1,255})+", found, re.ASCII) or {".", ".."} & {*parts}:
        raise ValueError(
            f"{shown(value)} is not a folder like /srv/fate: an absolute path of letters, digits "
            "and the symbols _ . + @ -, without . or .. as a part"
        )
    if len(found) > _MAX_FOLDER:
        raise ValueError(f"{shown(value)} has more than {_MAX_FOLDER} characters")
    if parts[0] in _SYSTEM or found == "/var" or f"{found}/".startswith(_SYSTEM_VAR):
        raise ValueError(
            f"{shown(value)} belongs to the system or to Docker; choose another one, like /srv/fate"
        )
    return found


def _image(value: str) -> str:
    found = _REFERENCE.fullmatch(value)
    registry = found and _REGISTRY.fullmatch(found["name"])
    if not found or not registry:
        raise ValueError(f"{shown(value)} is not a reference to an image, like NAME:TAG")
    if registry["port"] and not 1 <= int(registry["port"]) <= 65535:
        raise ValueError(f"{shown(value)}: its port is not a number from 1 to 65535")
    if len(found["name"]) > _MAX_IMAGE:
        raise ValueError(f"{shown(value)}: its name has more than {_MAX_IMAGE} characters")
    return value


def _cpus(value: object) -> object:
    # `pulumi config set --path` writes 0.5 as a text.
    if isinstance(value, str) and re.fullmatch(r"(0|[1-9][0-9]*)(\.[0-9]+)?", value):
        value = float(value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not _MIN_CPUS <= float(str(value)) <= _MAX_CPUS:
        raise ValueError(f"must be a number from {_MIN_CPUS} to {_MAX_CPUS}, not {shown(value)}")
    return value


def _memory(value: object) -> object:
    found = isinstance(value, str) and re.fullmatch(r"([1-9][0-9]{0,6})([mgMG])", value)
    if not found:
        raise ValueError(f"{shown(value)} is not a size like 512m or 8g")
    size = int(found[1]) * (1024 if found[2] in "gG" else 1)
    if size < _MIN_MEMORY:
        raise ValueError(f"{shown(value)} is less than {_MIN_MEMORY}m, the least Docker allows")
    return size


# What a stack file may contain where a validator takes another form.
_Cpus = Annotated[float, Field(ge=_MIN_CPUS, le=_MAX_CPUS)]
_Memory = Annotated[str, Field(pattern="^[1-9][0-9]{0,6}[mgMG]$")]
Memory = Annotated[int, BeforeValidator(_memory, json_schema_input_type=_Memory)]
"""A size like 512m or 8g, as a number of MiB."""
_Publication = (
    Annotated[int, Field(ge=1, le=65535)]
    | Annotated[str, Field(pattern=r"^([0-9]{1,3}(\.[0-9]{1,3}){3}:)?[1-9][0-9]{0,4}$")]
)


def per_host(most: int, each: int | None = None) -> Any:
    """The type of how many containers of a kind a party has: a number, or one for each of several
    Docker hosts.

    Args:
        most: how many are possible together.
        each: how many are possible on one Docker host; as many as together if not given.
    """
    limit = each or most

    def count(value: object) -> int:
        written = isinstance(value, str) and _PLAIN_DIGITS.fullmatch(value)
        whole = written or (isinstance(value, int) and not isinstance(value, bool))
        if not whole or not 1 <= (found := int(str(value))) <= limit:
            raise ValueError(f"must be a whole number from 1 to {limit}, not {shown(value)}")
        return found

    def counts(value: object) -> object:
        if not isinstance(value, Mapping):
            return count(value)
        if not value:
            raise ValueError("is empty")
        found: dict[object, int] = {}
        for host, number in value.items():
            try:
                found[host] = count(number)
            except ValueError as error:
                raise ValueError(f"for {shown(host)} {error}") from None
        if (together := sum(found.values())) > most:
            raise ValueError(f"are {together} together; at most {most} are possible")
        return found

    one = Annotated[int, Field(ge=1, le=limit)]
    return PlainValidator(counts, json_schema_input_type=one | dict[str, one])


def by_host(service: str, counts: int | Mapping[str, int], home: str) -> dict[str, tuple[str, ...]]:
    """The names of a service's containers, by Docker host: egg, egg-2 … at home, and egg.HOST,
    egg-2.HOST … elsewhere.

    Args:
        service: the service's name.
        counts: how many it has, or how many on each Docker host.
        home: the name of the Docker host that the cluster runs on.
    """
    found = {}
    for host, count in ({home: counts} if isinstance(counts, int) else counts).items():
        end = "" if host == home else f".{host}"
        numbers = ["", *(f"-{n}" for n in range(2, count + 1))]
        found[host] = tuple(f"{service}{number}{end}" for number in numbers)
    return found


Address = Annotated[str, Text, AfterValidator(addresses.address)]
Password = Annotated[Secret, Text, AfterValidator(password)]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=1)]
Port = Annotated[Count, Field(le=65535)]
# FATE stores ids as texts of 50 characters; names of containers and nginx have less room for them.
PartyId = Annotated[Count, Field(le=2**63 - 1)]


class Logs(Keys):
    """How much of a container's log Docker keeps."""

    max_size: Annotated[str, AfterValidator(_size)] = Field(
        "10m",
        description="the size at which Docker rotates a container's log, like `500k`, `10m` or "
        "`1g`",
        json_schema_extra={"pattern": "^[1-9][0-9]{0,5}[kmgKMG]$"},
    )
    max_file: Annotated[Count, Field(le=1000)] = Field(
        3, description="how many log files Docker keeps per container"
    )


class DockerHost(Keys):
    """A machine with a Docker daemon that runs containers."""

    docker: Annotated[str, AfterValidator(addresses.docker_url)] = Field(
        description="how to reach the daemon: `unix:///var/run/docker.sock`, "
        "`ssh://user@machine:22`, or `tcp://machine:2376` with `tls`. SSH uses your agent, "
        "`~/.ssh/config` and known hosts; a password in the URL is not accepted",
        json_schema_extra={"pattern": "^(unix:///|ssh://|tcp://)."},
    )
    tls: DockerTls | None = Field(
        None,
        description="for tcp://: how to verify the daemon, and its client certificate, each in PEM "
        "format: {authority, certificate, key}. Required with `tcp://`",
    )
    address: Address | None = Field(
        None,
        description="the host name or IPv4 address at which other machines reach its published "
        "ports; the one in the URL of a `tcp://` host, or that OpenSSH connects to for an `ssh://` "
        "host, if not given. For an `ssh://` host that is `HostName` in OpenSSH's configuration "
        "(`ssh -G`), else the host in the URL. Required for a `unix://` host that other hosts must "
        "reach",
    )
    bind: Annotated[str, Text, AfterValidator(_bind)] = Field(
        ANYWHERE,
        description="the host's IPv4 address that the ports for other parties and for the exchange "
        "are bound to, unless `publish` sets another; all addresses, `0.0.0.0`, if not given. A "
        "change replaces their containers",
    )
    subnet: Annotated[str, AfterValidator(addresses.subnet)] | None = Field(
        None,
        description="a private IPv4 /16 like 10.200.0.0/16 that is free on this host; one of "
        "10.192.0.0/16 to 10.239.0.0/16, depending on the stack's name, if not given. The stack's "
        "Docker networks get their addresses from it",
    )
    data: Annotated[str, AfterValidator(folder)] | None = Field(
        None,
        description="the folder on the host that data is kept in, like /srv/fate; Docker's "
        "own folder if not given. See [Data in a folder](#data-in-a-folder)",
    )
    logs: Logs = Field(
        Logs(), description="how much of each container's log Docker keeps: {maxSize, maxFile}"
    )

    _host_name: str | None = PrivateAttr(None)

    def called(self, host_name: str) -> Self:
        """The same Docker host, whose ssh:// URL leads to this host name or address.

        OpenSSH's configuration may give a machine a name that nobody else knows.
        """
        found = self.model_copy()
        found._host_name = host_name
        return found

    @property
    def reachable_at(self) -> str | None:
        """The address that other machines use, if one is known."""
        return self.address or self._host_name or urlsplit(self.docker).hostname

    def networks(self, stack: str) -> IPv4Network:
        """The subnet that a stack's Docker networks on this host are taken from.

        Args:
            stack: the stack's name, which determines the subnet if the stack file sets none.
        """
        if self.subnet:
            return IPv4Network(self.subnet)
        octet = _FIRST_SUBNET + hashlib.sha256(stack.encode()).digest()[0] % _SUBNETS
        return IPv4Network(f"10.{octet}.0.0/16")


@dataclass(frozen=True)
class Published:
    """A port of a Docker host at which a service can be reached from outside its party.

    Args:
        port: the TCP port on the Docker host.
        ip: the address of the Docker host that it is bound to; 0.0.0.0 means all of them, and ""
            that the stack file sets none.
    """

    port: int
    ip: str = ANYWHERE

    def clashes(self, other: "Published") -> bool:
        """Whether one machine cannot publish both."""
        return self.port == other.port and (self.ip == other.ip or ANYWHERE in (self.ip, other.ip))

    @property
    def everywhere(self) -> bool:
        """Whether it is bound to all addresses of the Docker host."""
        return self.ip == ANYWHERE


def _published(value: object) -> Published:
    bound = isinstance(value, str | int) and re.fullmatch(
        r"(?:([0-9.]+):)?([0-9]{1,5})", str(value)
    )
    if isinstance(value, bool) or not bound:
        raise ValueError("is neither PORT nor ADDRESS:PORT")
    ip = bound[1] or ""
    if ip and not addresses.ipv4(ip):
        raise ValueError(f"{ip} is not an IPv4 address")
    return Published(_port(bound[2]), ip)


def _port(digits: str) -> int:
    if not _PLAIN_DIGITS.fullmatch(digits) or not 1 <= int(digits) <= 65535:
        raise ValueError(f"{digits} is not a port; ports range from 1 to 65535, in plain digits")
    return int(digits)


class RegistryLogin(Keys):
    """A registry that images are pulled from with a password."""

    address: Annotated[str, Text, AfterValidator(_registry_address)] = Field(
        description="the registry's address as in the names of images: `HOST` or `HOST:PORT`, like "
        "registry.example.org:5000. `docker.io` stands for the official images on Docker Hub"
    )
    user: Annotated[str, Text, AfterValidator(_user)] = Field(description="the user to log in as")
    password: Annotated[Secret, Text, AfterValidator(_given)] = Field(
        description="the user's password, or an access token. It must be encrypted"
    )


class Server(Keys):
    """A database server of a party: one that this stack runs, or an external one."""

    address: Address | None = Field(
        None,
        description="the host name or IPv4 address of an external one, as containers on the "
        "party's Docker host reach it; the party runs its own if not given",
    )
    port: Port = Field(description="the port of an external one")
    password: Annotated[Secret, Text] | None = Field(
        None,
        description="its password; derived, unless it is an external one, if not given. It must be "
        "encrypted. Without an `address` it has 8 or more letters, digits and symbols of "
        "`_ . ~ + = @ % ^ : , -`; an external one's can have letters, digits and symbols, except "
        "quotes, backquotes, spaces, `\\`, `$`, `{` and `}`",
    )

    key: ClassVar[str]
    """Its key in the stack file, which is also what kind of server it is."""
    _external: ClassVar[tuple[str, ...]] = ("port",)
    _own: ClassVar[tuple[str, ...]] = ()

    @field_validator("password")
    @classmethod
    def _readable(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None or "address" not in info.data:
            return value
        return _password_elsewhere(value) if info.data["address"] else password(value)

    @model_validator(mode="after")
    def _own_or_external(self) -> Self:
        given = {to_camel(name) for name in self.model_fields_set}
        if self.address is None:
            if extra := sorted(given.intersection(self._external)):
                raise ValueError(
                    f"has {', '.join(extra)} without address: add the address of the external "
                    f"server, or remove {', '.join(extra)}"
                )
            return self
        if extra := sorted(given.intersection(self._own)):
            raise ValueError(
                f"has both address and {', '.join(extra)}, which is for a server that this stack "
                "runs: remove one of the two"
            )
        if self.password is None:
            raise ValueError("has an address but no password: add the password of the account")
        return self


class Mysql(Server):
    """A party's MySQL."""

    key = "mysql"
    _external = ("port", "user", "database")
    _own = ("rootPassword",)

    port: Port = Field(3306, description="the port of an external one; 3306 if not given")
    user: Annotated[str, AfterValidator(_account)] = Field(
        "fate", description="the account of FATE's services in an external one; `fate` if not given"
    )
    database: Annotated[str, AfterValidator(_database)] = Field(
        "fate",
        description="the database of FATE's services in an external one; `fate` if not given. It "
        "must exist",
    )
    root_password: Password | None = Field(
        None,
        description="the password of root; derived if not given. It must be encrypted. Not for an "
        "external one",
    )


class ServiceKeys(Keys):
    """What the stack file chooses for a service instead of the release."""

    image: Annotated[str, AfterValidator(_image)] | None = Field(
        None,
        description="a full reference to an image, with a tag or a digest, like "
        "registry.example.org/fateflow:1; the release's if not given. `fate:registry` is not "
        "prepended, and with `fate:images: packages` the image is pulled, not built. An image that "
        "is already on the Docker host is not pulled again: give a new version a new tag",
    )
    cpus: Annotated[float, BeforeValidator(_cpus, json_schema_input_type=_Cpus)] | None = Field(
        None,
        description="how many CPUs its container may use, like 0.5 or 4; all if not given. It is a "
        "quota of CPU time (`CpuQuota` in `docker inspect`), no choice of cores: processes in the "
        "container still count all cores of the machine. More than the machine has means all",
    )
    memory: Memory | None = Field(
        None,
        description="how much memory its container may use, like 512m or 8g; all if not given. "
        "At least `6m`. With swap, it may use as much swap on top",
    )

    @property
    def facts(self) -> dict[str, object]:
        """The facts of the release that it changes."""
        changed = self.model_dump(exclude_none=True)
        return changed | {"own": True, "package": None} if self.image else changed


Services = dict[str, ServiceKeys]


def overridden(release: Release, services: Services) -> Release:
    """A release with what the stack file chooses for its services.

    Args:
        release: the facts of the release.
        services: the choices, by service.
    """
    return release.changed({name: service.facts for name, service in services.items()})


class ClusterKeys(Keys):
    """One of a party's clusters."""

    services: Services = Field(
        default_factory=dict,
        description="its services that differ from the release, by name, each "
        "{image, cpus, memory}; what it does not set is as in fate:services. See "
        "[Images and limits of services](#images-and-limits-of-services)",
    )

    publish: dict[
        str, Annotated[Published, PlainValidator(_published, json_schema_input_type=_Publication)]
    ] = Field(
        default_factory=dict,
        description="the ports on the Docker host, each PORT or ADDRESS:PORT (the address to bind "
        "to), by the name of the service's port; FATE's usual ports if not given. See "
        "[Published ports](#published-ports)",
    )

    @property
    def servers(self) -> dict[str, Server]:
        """Its database servers, by the name of the service that they are or stand for."""
        return {}

    @property
    def external(self) -> dict[str, Server]:
        """Those of its database servers that somebody else runs."""
        return {name: server for name, server in self.servers.items() if server.address}

    def placed(self, home: str) -> dict[str, "Placement"]:
        """Those of its services that run on another Docker host than all else, by name.

        Args:
            home: the name of the Docker host that the cluster runs on.
        """
        return {}

    def containers(self, service: str, home: str = "") -> list[str]:
        """The names of a service's containers in the party's networks.

        Args:
            service: the service's name.
            home: the name of the Docker host that the cluster runs on.
        """
        return [service]

    def published(
        self, facts: Release, bind: str = ANYWHERE, opened: Mapping[str, str] | None = None
    ) -> dict[str, Published]:
        """Where each of its ports is published, by port name.

        The defaults are FATE's usual ports. Those that other parties call are open, the others
        bound to loopback only: some of them accept jobs from anyone, and Docker's published ports
        bypass the usual firewalls.

        Args:
            facts: the facts of its services.
            bind: the address to bind ports to that other parties call.
            opened: the addresses to bind other ports to by default, by port name.
        """
        defaults = dict.fromkeys(facts.gateway_ports, bind) | dict(opened or {})
        found = {}
        for name, usual in facts.published.items():
            chosen = self.publish.get(name, Published(usual, ""))
            found[name] = replace(chosen, ip=chosen.ip or defaults.get(name, LOOPBACK))
        return found


@dataclass(frozen=True)
class Placement:
    """Where a service runs.

    Args:
        host: the name of the Docker host.
        port: its port there, or None for the service's usual one.
    """

    host: str
    port: int | None = None


def _placement(value: object) -> Placement:
    found = isinstance(value, str) and re.fullmatch(r"([^:]+)(?::([0-9]{1,5}))?", value)
    if not found:
        raise ValueError("is neither HOST nor HOST:PORT")
    return Placement(found[1], _port(found[2]) if found[2] else None)


_Placement = Annotated[str, Field(pattern="^[^:]+(:[1-9][0-9]{0,4})?$")]


@dataclass(frozen=True)
class Placeable:
    """A service that can run on another Docker host than its party's first.

    Args:
        volume: the last part of the name of the volume with its data; "" if it has none.
        calls: the published ports that it calls on the first host, by their names. A service that
            calls none is called from there itself.
    """

    volume: str = ""
    calls: tuple[str, ...] = ()


class Training(ClusterKeys):
    """A party's training cluster; each release line adds keys of its own."""

    placeable: ClassVar[Mapping[str, Placeable]] = {"mysql": Placeable("mysql")}
    """The services that can run on another Docker host, by name."""
    unplaceable: ClassVar[Mapping[str, str]] = {}
    """Why others cannot, by name, if there is more to say than that they are called by name."""

    place: dict[
        str, Annotated[Placement, PlainValidator(_placement, json_schema_input_type=_Placement)]
    ] = Field(
        default_factory=dict,
        description="the services that run on another of the party's `hosts`, each HOST or, for "
        "databases, HOST:PORT (the port there; the usual one if not given), like {mysql: b2}. See "
        "[Services on another Docker host](#services-on-another-docker-host)",
    )

    mysql: Mysql = Field(
        Mysql(),
        description="its MySQL: {password, rootPassword}, or an external one: {address, port, "
        "user, password, database}. See [External databases](#external-databases)",
    )
    uploads: Annotated[str, AfterValidator(folder)] | None = Field(
        None,
        description="a folder on the Docker host with files to upload, like /srv/uploads, which "
        "FATE Flow can read at /data/projects/fate/uploads. See [Files to upload]"
        "(#files-to-upload)",
    )

    @property
    def servers(self) -> dict[str, Server]:
        """Its database servers, by the name of the service that they are or stand for."""
        return {"mysql": self.mysql}

    def placed(self, home: str) -> dict[str, Placement]:
        """Those of its services that run on another Docker host than all else, by name."""
        return {name: to for name, to in self.place.items() if to.host != home}


@dataclass(frozen=True)
class Between:
    """Consecutive ports of a container that the party's containers on its other Docker hosts call.

    They have the same numbers in the container and on its Docker host if what listens there tells
    others its port itself.

    Args:
        container: the container's name in the party's networks, which others call it by.
        host: the name of its Docker host.
        first: the first port.
        count: how many there are.
        ip: the host's address that they are bound to.
        key: the key that sets them, below the cluster's.
        encrypted: whether what they carry is encrypted.
        inside: the number of the port in the container, if there is one port with another number.
    """

    container: str
    host: str
    first: int
    count: int
    ip: str
    key: Location
    encrypted: bool = True
    inside: int | None = None

    @property
    def published(self) -> list["Published"]:
        """Each of them on the Docker host."""
        return [Published(self.first + index, self.ip) for index in range(self.count)]


@dataclass(frozen=True)
class Cluster:
    """One of a party's clusters, and where it runs.

    Args:
        kind: training or serving, its key in the stack file.
        host: the name of its Docker host.
        facts: the facts of its services.
        published: where its ports are published, by port name.
        inner: the ports that the party's other clusters call.
        elsewhere: the services of which it has containers on other Docker hosts of the party, with
            the names of these containers, by Docker host.
        between: the ports that cross the party's Docker hosts.
        calls_home: the published ports that services on other Docker hosts call on its own, by
            service.
        one_subnet: whether its networks on all of these hosts have the same addresses.
    """

    kind: str
    host: str
    facts: Release
    published: Mapping[str, Published]
    inner: tuple[str, ...] = ()
    elsewhere: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    between: tuple[Between, ...] = ()
    calls_home: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    one_subnet: bool = False

    @property
    def hosts(self) -> tuple[str, ...]:
        """All of its Docker hosts, the one it runs on first."""
        return (self.host, *self.elsewhere)

    def host_of(self, service: str) -> str:
        """The name of the Docker host of a service that it has once."""
        away = (host for host, services in self.elsewhere.items() if service in services)
        return next(away, self.host)

    def host_of_port(self, port: str) -> str:
        """The name of the Docker host on which it publishes one of its ports."""
        return self.host_of(self.facts.publisher(port))


@dataclass(frozen=True)
class Needs:
    """What a cluster needs of its Docker host.

    Args:
        memory: what its services take during a small job, in MiB.
        cores: how many cores its jobs must find, or 0 if any number will do.
        shared_cores: how many cores its workers offer to jobs together.
    """

    memory: int
    cores: int = 0
    shared_cores: int = 0


def _host_or_hosts(schema: dict[str, Any]) -> None:
    schema["required"].remove("host")
    schema["oneOf"] = [{"required": ["host"]}, {"required": ["hosts"]}]


class Party(Keys):
    """A party of the federation that this stack runs."""

    id: PartyId = Field(description="the party's id in the federation, a whole number like 9999")
    host: str = Field(description="the Docker host it runs on, a name under fate:hosts")
    hosts: tuple[str, ...] = Field(
        (), description="instead of `host`: the Docker hosts it runs on, names under fate:hosts"
    )
    training: Training | None = Field(
        Training(), description="its training cluster: {publish, mysql, …}"
    )
    tls: Certificate | None = Field(
        None,
        description="its certificate, with fate:tls: {certificate, key, authority}; issued by the "
        "stack if not given. See [tls.md](tls.md)",
    )

    model_config = ConfigDict(json_schema_extra=_host_or_hosts)

    @model_validator(mode="before")
    @classmethod
    def _first_host(cls, value: object) -> object:
        """The first of several Docker hosts is the one that the party runs on."""
        if not isinstance(value, Mapping) or value.get("hosts") is None:
            return value
        if "host" in value:
            raise ValueError("has both host and hosts: remove one of the two")
        hosts = value["hosts"]
        # Anything else is reported as what hosts is.
        first = hosts[0] if isinstance(hosts, list | tuple) and hosts else ""
        return {**value, "host": first if isinstance(first, str) else ""}

    @field_validator("hosts")
    @classmethod
    def _some_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("is empty")
        if twice := [name for name in value if value.count(name) > 1]:
            raise ValueError(f"names {shown(twice[0])} twice")
        return value

    @property
    def all_hosts(self) -> tuple[str, ...]:
        """The Docker hosts it may use, the one it runs on first."""
        return self.hosts or (self.host,)

    @property
    def host_key(self) -> Location:
        """The key that sets the Docker host it runs on."""
        return ("hosts", 0) if self.hosts else ("host",)


class Peer(Keys):
    """A party that somebody else runs: it gets routes and nothing else."""

    id: PartyId = Field(description="the party's id in the federation, a whole number like 10000")
    address: Address = Field(description="the host name or IPv4 address of its gateways")
    tls: PeerTls | None = Field(
        None, description="how to verify its certificate, with fate:tls: {authority, name}"
    )

    @property
    def addresses(self) -> dict[tuple[str, ...], str]:
        """Its addresses, by the path of the key that sets each."""
        return {("address",): self.address}

    def reached_at(self, port: str, usual: int) -> tuple[str, int]:
        """The address and the port number of one of its gateways.

        Args:
            port: the port's name.
            usual: FATE's usual number.
        """
        return self.address, usual


class Exchange(Keys):
    """The exchange: a proxy that all traffic between parties goes through."""

    host: str | None = Field(
        None,
        description="the Docker host to run it on, a name under fate:hosts. Either `host` or "
        "`address` is required",
    )
    address: Address | None = Field(
        None,
        description="the host name or IPv4 address of an exchange that somebody else runs",
    )
    port: Port | None = Field(None, description="its port on the Docker host; 9371 if not given")
    tls: ExchangeTls | None = Field(
        None,
        description="with fate:tls: the certificate of an exchange that this stack runs, "
        "{certificate, key, authority}, issued by the stack if not given; or how to verify "
        "another's, {authority, name}",
    )

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["host"]}, {"required": ["address"]}]}
    )

    @model_validator(mode="after")
    def _here_or_elsewhere(self) -> Self:
        if (self.host is None) == (self.address is None):
            raise ValueError(
                "needs either host, to run the exchange on one of fate:hosts, or address, to use "
                "one that somebody else runs"
            )
        return self


class Settings(Keys):
    """All settings of a stack file; each release line has a subclass with its own keys."""

    fate_flow: ClassVar[str]
    """The service in which FATE Flow runs."""

    release: Annotated[str, Text] = Field(
        description="the FATE release to deploy: `2.2.0`, `2.0.0` or `1.3.0`. It decides which "
        "other keys exist"
    )
    hosts: dict[str, DockerHost] = Field(
        description="the Docker hosts by name, each {docker, tls, address, bind, subnet, data, "
        "logs}",
        min_length=1,
    )
    parties: tuple[Party, ...] = Field(
        description="the parties this stack runs, each {id, host, training}", min_length=1
    )
    peers: tuple[Peer, ...] = Field((), description="the parties that others run")
    exchange: Exchange | None = Field(
        None,
        description="the exchange that all traffic between parties goes through: {host, port, tls} "
        "or {address, port, tls}; parties call each other directly if not given. FATE 2 has one "
        "only with the federation engine OSX",
    )
    images: Literal["registry", "packages", "archive"] = Field(
        "registry", description="where images come from"
    )
    archive: Annotated[str, Text, AfterValidator(_path)] | None = Field(
        None,
        description="with fate:images archive: the file with the images, as `fatectl images save` "
        "writes it. Required with `archive`; see "
        "[Images from an archive](#images-from-an-archive)",
    )
    registry: Annotated[str, AfterValidator(_registry)] = Field(
        "",
        description="the registry that all images come from, including mysql and redis, like "
        "registry.example.org:5000; the official registries if not given. With `images: packages` "
        "only for the base image",
    )
    registries: tuple[RegistryLogin, ...] = Field(
        (),
        description="how to log in to registries, each {address, user, password}. See "
        "[Registries with a login](#registries-with-a-login)",
    )
    services: Services = Field(
        default_factory=dict,
        description="the services that differ from the release in the whole stack, by name, each "
        "{image, cpus, memory}. See "
        "[Images and limits of services](#images-and-limits-of-services)",
    )
    tls: Tls = Field(
        Tls(), description="whether connections between parties are encrypted: {enabled}"
    )
    master_secret: Annotated[Secret, Text, AfterValidator(_secret)] = Field(
        description="the secret that every password is derived from; create one with "
        "`pulumi config set --secret fate:masterSecret $(openssl rand -hex 32)`. It must be "
        "encrypted"
    )
    keep_data: bool = Field(
        True,
        description="whether `pulumi destroy` leaves the volumes with data on the hosts: true, "
        "false. Files [in a folder](#data-in-a-folder) stay in any case",
    )
    verify: bool = Field(
        False,
        description="whether every up that created or replaced a container ends with a toy job "
        "between the parties: true, false. If the job fails, the `up` fails",
    )

    def clusters(self, party: Party, release: Release) -> list[Cluster]:
        """A party's clusters, training first.

        Args:
            party: one of the parties.
            release: the facts of the release.
        """
        if party.training is None:
            return []
        facts = overridden(release, party.training.services)
        published = party.training.published(facts, self.bound(party.host))
        return [Cluster(TRAINING, party.host, facts, published)]

    def address_of(self, host: str) -> str | None:
        """The IPv4 address of a Docker host, if one is known."""
        address = self.hosts[host].reachable_at if host in self.hosts else None
        return address if address and addresses.ipv4(address) else None

    def with_placed(self, cluster: Cluster, keys: Training) -> Cluster:
        """A cluster with the services that the stack file places on other Docker hosts.

        Args:
            cluster: the cluster.
            keys: its settings in the stack file.
        """
        elsewhere = {host: dict(services) for host, services in cluster.elsewhere.items()}
        between, calls_home = list(cluster.between), {}
        for name, to in keys.placed(cluster.host).items():
            about = keys.placeable.get(name)
            if about is None or name not in cluster.facts.services or name in keys.external:
                continue  # a mistake, which is reported as such
            elsewhere.setdefault(to.host, {})[name] = (name,)
            if about.calls:
                calls_home[name] = about.calls
                continue
            port, ip = cluster.facts.services[name].port, self.address_of(to.host) or ANYWHERE
            where = ("place", name)
            one = Between(
                name, to.host, to.port or port, 1, ip, where, encrypted=False, inside=port
            )
            between.append(one)
        ip = self.address_of(cluster.host) or ANYWHERE
        opened = {port: ip for ports in calls_home.values() for port in ports}
        published = keys.published(cluster.facts, opened=opened)
        return replace(
            cluster,
            published={**cluster.published, **{port: published[port] for port in opened}},
            elsewhere=elsewhere,
            between=tuple(between),
            calls_home=calls_home,
        )

    def placing(self, release: Release) -> Iterator[Mistake]:
        """Mistakes in where parties and their services run, which no single key reveals.

        Args:
            release: the facts of the release.
        """
        for index, party in enumerate(self.parties):
            for number, host in enumerate(party.hosts):
                if number and host not in self.hosts:
                    where = ("parties", index, "hosts", number)
                    yield Mistake(where, unknown_host(host, self.hosts))
            if (keys := party.training) and keys.place:
                facts = self.clusters(party, release)[0].facts
                for name, to in keys.place.items():
                    yield from self._placed(index, keys, facts, name, to)

    def _placed(
        self, index: int, keys: Training, facts: Release, name: str, to: Placement
    ) -> Iterator[Mistake]:
        where = ("parties", index, "training", "place", name)
        home = self.parties[index].host
        about = keys.placeable.get(name)
        possible = [one for one in keys.placeable if one in facts.services]
        if about is None or name not in facts.services:
            why = "is not among the services of this party"
            if name in facts.services:
                by_name = "the party's other services call it by name on the first one"
                outside = "other parties call it at the address of the first one"
                default = outside if facts.services[name].gateway else by_name
                why = f"cannot run on another Docker host: {keys.unplaceable.get(name, default)}"
            yield Mistake(where, f"{why}; choose from {', '.join(possible)}")
        elif name in keys.external:
            yield Mistake(
                where, "is a server that somebody else runs (it has an address); remove the key"
            )
        elif about.calls and to.port:
            ports = " and ".join(f"publish.{port}" for port in facts.services[name].published_ports)
            yield Mistake(
                where,
                f"{to.port} is not used: its port on the Docker host is set by {ports}; remove the "
                "port",
            )
        elif to.host == home and to.port:
            yield Mistake(
                where,
                f"{to.port} is not used: {shown(home)} is the party's first Docker host, on which "
                "no port is published for it; remove the port",
            )
        elif to.host != home:
            called, caller = ([home], name) if about.calls else ([to.host], "FATE Flow")
            yield from self.across(index, ("place",), [to.host], called, caller)

    def across(
        self, index: int, key: Location, counts: Iterable[str], called: Iterable[str], caller: str
    ) -> Iterator[Mistake]:
        """What keeps a party's containers on several Docker hosts from calling each other.

        Args:
            index: the party's index.
            key: the key below its training cluster that says how many each Docker host has.
            counts: the Docker hosts that the key names.
            called: the Docker hosts whose ports are called from others.
            caller: what calls them, for the message.
        """
        party = self.parties[index]
        for host in counts:
            if host not in party.all_hosts:
                yield Mistake(
                    ("parties", index, "training", *key),
                    f"{shown(host)} is not one of the party's hosts "
                    f"({', '.join(map(shown, party.all_hosts))}); add it to "
                    f"fate:parties[{index}].hosts",
                )
        for host in dict.fromkeys(called):
            address = self.address_of(host)
            if host in self.hosts and (address is None or addresses.only_local(address)):
                present = self.hosts[host].reachable_at
                what = f"{shown(present)} is no address for that" if present else "is missing"
                yield Mistake(
                    ("hosts", host, "address"),
                    f"{what}: {caller} of party {party.id} on another Docker host must reach it; "
                    "set the IPv4 address that other machines use",
                )

    def bound(self, host: str) -> str:
        """The address that a Docker host's ports for other parties are bound to by default."""
        return self.hosts[host].bind if host in self.hosts else ANYWHERE

    def exchange_at(self, release: Release) -> Published | None:
        """Where the exchange is published, if this stack runs one.

        Args:
            release: the facts of the release.
        """
        exchange, facts = self.exchange, release.exchange
        if exchange is None or exchange.host is None or facts is None:
            return None
        return Published(exchange.port or facts.publish, self.bound(exchange.host))

    def needs(self, party: Party, cluster: str, facts: Release, host: str) -> Needs:
        """What one of a party's clusters needs of one of its Docker hosts.

        Args:
            party: one of the parties.
            cluster: training or serving.
            facts: the facts of the cluster's services.
            host: the Docker host's name.
        """
        keys: ClusterKeys | None = getattr(party, cluster)
        away = {name: to.host for name, to in keys.placed(party.host).items()} if keys else {}
        here = party.host if cluster == TRAINING else host
        return Needs(
            sum(
                service.uses_memory
                for name, service in facts.services.items()
                if away.get(name, here) == host
            )
        )

    def chosen_engines(self, party: Party) -> dict[str, str]:
        """The engines of a party that other parties should know of, by kind; none if its release
        has no choice.

        Args:
            party: one of the parties.
        """
        return {}

    @property
    def warnings(self) -> list[str]:
        """What may keep parties from working together, although they can be deployed."""
        return []

    def peer_keys(self, gateways: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
        """What fate:peers has for a party that others run, but for its id and its certificate.

        Args:
            gateways: the address and the port of each of its gateways, by the name of the port.

        Raises:
            ValueError: the release line cannot call a party with such gateways.
        """
        raise NotImplementedError

    def inner_ports(self, cluster: str) -> tuple[str, ...]:
        """The ports of a kind of cluster that the other clusters of its party call.

        Args:
            cluster: training or serving.
        """
        return ()

    def chosen(self, release: Release) -> Release:
        """The facts of the release to deploy, with the images that these settings choose."""
        return release

    def can_call(self, host: str) -> bool:
        """Whether the release line's services can call a host by this name or address."""
        return addresses.is_address(host)

    def mistakes(self, release: Release) -> Iterator[Mistake]:
        """Mistakes that no single key of the release line reveals."""
        return iter(())
