"""The keys for images and registries."""

import re
from typing import Annotated

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
)

from .errors import shown
from .keys import Keys, Secret, Text

# The start of an image reference, as Docker defines it: a registry, a path on it, or both.
_LABEL = r"[A-Za-z0-9]+(-+[A-Za-z0-9]+)*"


_PATH = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"


_REGISTRY = re.compile(rf"({_PATH}|{_LABEL}(\.{_LABEL})*(:(?P<port>[0-9]{{1,5}}))?)(/{_PATH})*")


# A full one needs a tag or a digest: the name alone would mean whatever is latest.
_REFERENCE = re.compile(
    r"(?P<name>[^@]+?)(:\w[\w.-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})", re.ASCII
)


_MAX_IMAGE = 255


_MAX_REGISTRY = 200  # of the 255 characters that Docker allows for an image's name


def registry_prefix(value: str) -> str:
    """What all images' names begin with, unchanged: a registry, a path on it, or both.

    Raises:
        ValueError: it is none.
    """
    match = _REGISTRY.fullmatch(value)
    if value and not match:
        raise ValueError(f"{shown(value)} is not a registry (use no scheme and no trailing slash)")
    if match and match["port"] and not 1 <= int(match["port"]) <= 65535:
        raise ValueError(f"{shown(value)}: its port is not a number from 1 to 65535")
    if len(value) > _MAX_REGISTRY:
        raise ValueError(f"{shown(value)} has more than {_MAX_REGISTRY} characters")
    return value


def _registry_address(value: str) -> str:
    if "/" in value or not _REGISTRY.fullmatch(value) or registry_prefix(value) != value:
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


def image_reference(value: str) -> str:
    """A full reference to an image, unchanged.

    Raises:
        ValueError: it is none, or has neither a tag nor a digest.
    """
    match = _REFERENCE.fullmatch(value)
    registry = match and _REGISTRY.fullmatch(match["name"])
    if not match or not registry:
        raise ValueError(f"{shown(value)} is not a reference to an image, like NAME:TAG")
    if registry["port"] and not 1 <= int(registry["port"]) <= 65535:
        raise ValueError(f"{shown(value)}: its port is not a number from 1 to 65535")
    if len(match["name"]) > _MAX_IMAGE:
        raise ValueError(f"{shown(value)}: its name has more than {_MAX_IMAGE} characters")
    return value


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
