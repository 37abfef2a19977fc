"""The keys of single services: their images and limits."""

import re
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
)

from ..releases.facts import Release
from .errors import shown
from .images import image_reference
from .keys import Keys
from .values import Memory

_MIN_CPUS, _MAX_CPUS = 0.01, 1024


def _cpus(value: object) -> object:
    # `pulumi config set --path` writes 0.5 as a text.
    if isinstance(value, str) and re.fullmatch(r"(0|[1-9][0-9]*)(\.[0-9]+)?", value):
        value = float(value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not _MIN_CPUS <= float(str(value)) <= _MAX_CPUS:
        raise ValueError(f"must be a number from {_MIN_CPUS} to {_MAX_CPUS}, not {shown(value)}")
    return value


# What a stack file may contain where a validator takes another form.
_Cpus = Annotated[float, Field(ge=_MIN_CPUS, le=_MAX_CPUS)]


class ServiceKeys(Keys):
    """What the stack file chooses for a service instead of the release."""

    image: Annotated[str, AfterValidator(image_reference)] | None = Field(
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
