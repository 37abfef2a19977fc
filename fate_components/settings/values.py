"""The values of keys that several parts of the stack file use."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    SecretStr,
)

from . import addresses
from .errors import shown
from .keys import Secret, Text

_MAX_FOLDER = 1000  # of the 4096 that Linux allows

_SYSTEM = {
    "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin", "sys",
    "tmp", "usr",
}  # fmt: skip

_SYSTEM_VAR = ("/var/lib/docker/", "/var/lib/containerd/", "/var/run/", "/var/tmp/")  # noqa: S108

_MIN_MEMORY = 6  # MiB

PLAIN_DIGITS = re.compile(r"-?(0|[1-9][0-9]{0,18})")


def _whole(value: object) -> object:
    """A whole number, which may be written as a text of plain digits.

    Pydantic accepts more in a text: underscores, spaces around it, a plus sign, leading zeros.
    """
    if isinstance(value, bool):
        raise ValueError(f"must be a whole number, not {str(value).lower()}")
    if isinstance(value, str) and not PLAIN_DIGITS.fullmatch(value):
        raise ValueError(f"must be a whole number in plain digits like 1000, not {shown(value)}")
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


def folder(value: str) -> str:
    """A folder on a Docker host, without a slash at its end.

    Raises:
        ValueError: it is not an absolute path that Docker can mount, or belongs to the system.
    """
    path = value.rstrip("/")
    parts = path.split("/")[1:]
    if not re.fullmatch(r"(/[A-Za-z0-9_.+@-]{1,255})+", path, re.ASCII) or {".", ".."} & {*parts}:
        raise ValueError(
            f"{shown(value)} is not a folder like /srv/fate: an absolute path of letters, digits "
            "and the symbols _ . + @ -, without . or .. as a part"
        )
    if len(path) > _MAX_FOLDER:
        raise ValueError(f"{shown(value)} has more than {_MAX_FOLDER} characters")
    if parts[0] in _SYSTEM or path == "/var" or f"{path}/".startswith(_SYSTEM_VAR):
        raise ValueError(
            f"{shown(value)} belongs to the system or to Docker; choose another one, like /srv/fate"
        )
    return path


def _memory(value: object) -> object:
    match = isinstance(value, str) and re.fullmatch(r"([1-9][0-9]{0,6})([mgMG])", value)
    if not match:
        raise ValueError(f"{shown(value)} is not a size like 512m or 8g")
    size = int(match[1]) * (1024 if match[2] in "gG" else 1)
    if size < _MIN_MEMORY:
        raise ValueError(f"{shown(value)} is less than {_MIN_MEMORY}m, the least Docker allows")
    return size


_Memory = Annotated[str, Field(pattern="^[1-9][0-9]{0,6}[mgMG]$")]

Memory = Annotated[int, BeforeValidator(_memory, json_schema_input_type=_Memory)]
"""A size like 512m or 8g, as a number of MiB."""


def per_host(most: int, each: int | None = None) -> Any:
    """The type of how many containers of a kind a party has: a number, or one for each of several
    Docker hosts.

    Args:
        most: how many are possible together.
        each: how many are possible on one Docker host; as many as together if not given.
    """
    limit = each or most

    def count(value: object) -> int:
        written = isinstance(value, str) and PLAIN_DIGITS.fullmatch(value)
        whole = written or (isinstance(value, int) and not isinstance(value, bool))
        if not whole or not 1 <= (number := int(str(value))) <= limit:
            raise ValueError(f"must be a whole number from 1 to {limit}, not {shown(value)}")
        return number

    def counts(value: object) -> object:
        if not isinstance(value, Mapping):
            return count(value)
        if not value:
            raise ValueError("is empty")
        numbers: dict[object, int] = {}
        for host, number in value.items():
            try:
                numbers[host] = count(number)
            except ValueError as error:
                raise ValueError(f"for {shown(host)} {error}") from None
        if (together := sum(numbers.values())) > most:
            raise ValueError(f"are {together} together; at most {most} are possible")
        return numbers

    single = Annotated[int, Field(ge=1, le=limit)]
    return PlainValidator(counts, json_schema_input_type=single | dict[str, single])


def by_host(service: str, counts: int | Mapping[str, int], home: str) -> dict[str, tuple[str, ...]]:
    """The names of a service's containers, by Docker host: egg, egg-2 … at home, and egg.HOST,
    egg-2.HOST … elsewhere.

    Args:
        service: the service's name.
        counts: how many it has, or how many on each Docker host.
        home: the name of the Docker host that the cluster runs on.
    """
    names = {}
    for host, count in ({home: counts} if isinstance(counts, int) else counts).items():
        end = "" if host == home else f".{host}"
        numbers = ["", *(f"-{n}" for n in range(2, count + 1))]
        names[host] = tuple(f"{service}{number}{end}" for number in numbers)
    return names


Address = Annotated[str, Text, AfterValidator(addresses.address)]

Password = Annotated[Secret, Text, AfterValidator(password)]

Count = Annotated[int, BeforeValidator(_whole), Field(ge=1)]

Port = Annotated[Count, Field(le=65535)]

# FATE stores ids as texts of 50 characters; names of containers and nginx have less room for them.
PartyId = Annotated[Count, Field(le=2**63 - 1)]
