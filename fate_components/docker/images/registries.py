"""Pulling images from registries that require a login."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker
from pydantic import SecretStr

_HUB = "docker.io"
# The provider looks up images without a registry by this address.
_HUB_ADDRESSES = ("registry-1.docker.io", _HUB)
# Words of registries and of Docker.
_REFUSED = re.compile(r"unauthorized|no basic auth credentials|denied|authentication required")
_REGISTRY = re.compile(r"([^/]*[.:][^/]*|localhost)/.*")


@dataclass(frozen=True)
class Login:
    """How to log in to a registry.

    Args:
        address: its address as in the names of images; docker.io stands for Docker Hub.
        user: the user.
        password: the user's password, or an access token.
    """

    address: str
    user: str
    password: SecretStr


def credentials(
    logins: Sequence[Login],
) -> Iterator[docker.ProviderRegistryAuthArgs]:
    """The logins as the provider takes them: the state contains passwords encrypted only.

    Args:
        logins: how to log in to registries.
    """
    for login in logins:
        for address in _HUB_ADDRESSES if login.address == _HUB else (login.address,):
            yield docker.ProviderRegistryAuthArgs(
                address=address,
                username=login.user,
                password=pulumi.Output.secret(login.password.get_secret_value()),
            )


def registry(image: str) -> str:
    """The address of the registry that an image is pulled from.

    Args:
        image: the image's name, with its registry if it has one.
    """
    match = _REGISTRY.fullmatch(image)
    return match[1] if match else _HUB


def error_hook(host: str, logins: Sequence[Login]) -> pulumi.ErrorHook:
    """A hook for all images of a Docker host: it explains why one was not pulled.

    Args:
        host: the Docker host's name in the stack file.
        logins: how to log in to registries.
    """

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        inputs, error = args.new_inputs or {}, "".join(args.errors[:1])
        if args.failed_operation == "create" and _REFUSED.search(error):
            pulumi.log.error(refusal(host, str(inputs["name"]), logins))
        return False

    return pulumi.ErrorHook(f"registries-{host}", explain)


def refusal(host: str, image: str, logins: Sequence[Login]) -> str:
    """The message about an image that its registry does not let a Docker host pull.

    Args:
        host: the Docker host's name in the stack file.
        image: the image's name.
        logins: how to log in to registries.
    """
    address = registry(image)
    what = f"Docker host {host} may not pull {image}"
    for index, login in enumerate(logins):
        if login.address == address:
            return (
                f"{what}: {address} does not accept the user {login.user} with this password, or "
                f"the user may not read this image, or there is none of that name. Correct "
                f"fate:registries[{index}]."
            )
    return (
        f"{what}: {address} requires a login, or has no such image. Add {{address: {address}, "
        f"user: …}} to fate:registries, and set the password with `pulumi config set --secret "
        f"--path 'fate:registries[{len(logins)}].password'`."
    )
