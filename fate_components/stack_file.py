"""The stack file as checked settings of its release line, or everything that is wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import config as pulumi_config

from . import lines
from .plan.checks import check
from .releases import catalogue
from .releases.facts import Release
from .settings import DockerHost, Mistake, Settings, SettingsError, octal, openssh
from .settings.errors import NAMESPACE, shown
from .settings.keys import text
from .settings.reading import decoded, in_plain_text, validated
from .settings.services import overridden

SCHEMA = "config/stack.schema.json"
"""Where the schema of stack files is, from the project's folder, in which they are."""
COMMENT = f"# yaml-language-server: $schema={SCHEMA}\n"
"""The first line of a stack file, by which editors find the schema."""

Names = Callable[[Mapping[str, DockerHost]], tuple[Mapping[str, str], list[Mistake]]]
"""Looks up the host names behind ssh:// URLs, by Docker host, with what could not be found."""


def load() -> tuple[Settings, Release]:
    """The settings of the stack that Pulumi runs the program for, and the release they deploy.

    Raises:
        SettingsError: the stack file cannot be deployed; the error lists every mistake.
    """
    config = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
    secret_keys = {key for key in config if pulumi_config.is_config_secret(key)}
    stack = pulumi.get_stack()
    written = octal.mistakes(Path(f"Pulumi.{stack}.yaml"), config)
    return parse(config, secret_keys, stack, openssh.names, written)


def parse(
    config: Mapping[str, Any],
    secret_keys: set[str],
    stack: str,
    names: Names = lambda _: ({}, []),
    mistakes: Sequence[Mistake] = (),
) -> tuple[Settings, Release]:
    """Turn config, as the engine passes it to a program, into settings.

    Args:
        config: values by full key (fate:parties); lists and maps as JSON.
        secret_keys: the full keys whose value contains something encrypted.
        stack: the stack's name.
        names: looks up host names; by default those in the URLs are used.
        mistakes: what is already known to be wrong.

    Raises:
        SettingsError: the config cannot be deployed; the error lists every mistake.
    """
    prefix = f"{NAMESPACE}:"
    given = {
        key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)
    }
    models = lines.settings_models().values()
    known = {field.alias for model in models for field in model.model_fields.values()}
    values = decoded(given, known)
    release = _release(values)
    model = lines.of(release).settings
    others = [other for other in models if other is not model]
    settings = validated(values, model, others, mistakes)
    secrets = {key.removeprefix(prefix) for key in secret_keys}
    return complete(settings, stack, names, [*mistakes, *in_plain_text(settings, secrets)])


def complete(
    settings: Settings, stack: str, names: Names, mistakes: Sequence[Mistake] = ()
) -> tuple[Settings, Release]:
    """Check settings as a whole, and look up what they leave to others.

    Args:
        settings: the settings.
        stack: the stack's name.
        names: looks up host names.
        mistakes: what is already known to be wrong.

    Raises:
        SettingsError: they cannot be deployed; the error lists every mistake.
    """
    release = _release({"release": settings.release})
    if not isinstance(settings, lines.of(release).settings):
        raise SettingsError(
            [Mistake(("release",), f"{release.name} needs the Settings of {release.line}")]
        )
    known, unknown = names(settings.hosts)
    hosts = {
        name: host.with_host_name(known[name]) if name in known else host
        for name, host in settings.hosts.items()
    }
    settings = settings.model_copy(update={"hosts": hosts})
    release = settings.chosen(release)
    if not settings.tls.enabled:
        release = release.in_plain_text
    release = overridden(release, settings.services)
    all_mistakes = [*unknown, *mistakes, *check(lines.planner(settings, release), stack)]
    if all_mistakes:
        raise SettingsError(all_mistakes)
    return settings, release


def _release(values: Mapping[str, Any]) -> Release:
    """The release, which decides which other keys exist."""
    known = catalogue.known()
    choice = f"choose one of {', '.join(known)}"
    if "release" not in values:
        raise SettingsError([Mistake(("release",), f"is missing; add the FATE release: {choice}")])
    name = text(values["release"])
    if not isinstance(name, str) or name not in known:
        raise SettingsError(
            [Mistake(("release",), f"{shown(name)} is not a known release; {choice}")]
        )
    return catalogue.load(name)
