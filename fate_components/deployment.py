"""A deployment: everything that settings describe, as resources of a Pulumi program."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pulumi

from . import lines
from .checks import preflight, verify
from .docker.client import tls_files
from .docker.host import Host, Machine
from .docker.images.registries import Login
from .docker.inspect import survey
from .images import supply as images
from .outputs import exchange_output, party_outputs, tls_output
from .party.party import Exchange, Party
from .picture import mermaid
from .picture.model import picture
from .releases.facts import Release
from .security import certificates
from .settings import DockerHost, Settings, SettingsError, openssh
from .settings.hosts import certificates as certificates_of
from .stack_file import complete


@dataclass(frozen=True)
class Deployment:
    """What was registered for a deployment.

    Args:
        parties: the parties by their ids, as resources that others can depend on.
        addresses: where each party's services are reached, by the party's id and by name.
        outputs: the stack outputs that describe it, by name; passwords are secret.
    """

    parties: Mapping[int, Party]
    addresses: Mapping[int, Mapping[str, str]]
    outputs: Mapping[str, Any]


def deploy(settings: Settings) -> Deployment:
    """Deploy FATE in a Pulumi program of one's own.

    A program can have one deployment. Its resources have the same names as those of a stack of this
    project.

    Args:
        settings: the settings, as the `Settings` of the release line (fate_components.fate1 or
            fate_components.fate2), with the keys of a stack file in snake case.

    Raises:
        pulumi.RunError: the settings cannot be deployed, or a Docker host is not ready; the error
            lists every mistake, and nothing was changed.
    """
    stack = pulumi.get_stack()
    try:
        checked, release = complete(settings, stack, openssh.names)
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None
    return register(checked, release, stack)


def register(settings: Settings, release: Release, stack: str) -> Deployment:
    """Register the resources of a deployment.

    Args:
        settings: checked settings.
        release: the facts of the release that they deploy.
        stack: the stack's name.

    Raises:
        pulumi.RunError: a Docker host is not ready; the error lists every reason.
    """
    line = lines.of(release)
    plan = lines.plan(settings, release, stack)
    now = datetime.now(UTC)
    encryption = certificates.of(settings, plan, now)
    for warning in encryption.warnings(now) if encryption else ():
        pulumi.log.warn(warning)
    for warning in settings.warnings:
        pulumi.log.warn(warning)

    tls_files.write(certificates_of(settings.hosts))
    surveys = survey.take({name: host.docker for name, host in settings.hosts.items()}, stack)
    left_out = os.environ.get(survey.LEFT_OUT, "").split()
    findings = preflight.findings(settings, plan, line, stack, surveys, left_out)
    for warning in findings.warnings:
        pulumi.log.warn(warning)
    supplies = images.supplies(settings, plan)
    errors = [*findings.errors, *map(str, images.mistakes(supplies, surveys))]
    if errors:
        raise pulumi.RunError("\n".join(errors))

    logins = [
        Login(registry.address, registry.user, registry.password)
        for registry in settings.registries
    ]
    hosts = {
        name: Host(
            name,
            _machine(host),
            settings.registry,
            logins,
            supplies.get(name),
            plan.shared[name],
            stack,
            surveys[name],
        )
        for name, host in settings.hosts.items()
    }
    parties = [Party(party, hosts, settings, line, stack, encryption) for party in plan.parties]
    exchanges = (
        [Exchange(plan.exchange, hosts[plan.exchange.host], line, release, stack, encryption)]
        if plan.exchange
        else []
    )
    if settings.verify:
        verify.toy_jobs(parties, exchanges, line, stack)
        verify.serving(parties, line, stack)

    addresses = party_outputs(plan, settings, release)
    outputs: dict[str, Any] = {"parties": addresses}
    passwords = {str(party.id): party.passwords for party in parties if party.passwords}
    if passwords:
        outputs["passwords"] = pulumi.Output.secret(passwords)
    if plan.exchange:
        outputs["exchange"] = exchange_output(plan.exchange, settings)
    if encryption:
        outputs["tls"] = tls_output(encryption)
    if settings.warnings:
        outputs["warnings"] = settings.warnings
    outputs["topology"] = mermaid.render(picture(plan, settings, release, stack))
    return Deployment(
        {party.id: party for party in parties},
        {int(party): where for party, where in addresses.items()},
        outputs,
    )


def _machine(host: DockerHost) -> Machine:
    log_opts = {"max-size": host.logs.max_size, "max-file": str(host.logs.max_file)}
    return Machine(host.docker, host.data, log_opts, host.tls)
