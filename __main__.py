"""FATE on Docker hosts: from the stack file to running parties."""

import os
from datetime import UTC, datetime

import pulumi

from fate_components import certificates, images, preflight, topology, verify
from fate_components.docker import material, survey
from fate_components.docker.host import Host
from fate_components.outputs import exchange_output, party_outputs, tls_output
from fate_components.party import Exchange, Party
from fate_components.settings import SettingsError
from fate_components.settings.load import load

try:
    settings, release = load()
except SettingsError as error:
    raise pulumi.RunError(str(error)) from None

stack = pulumi.get_stack()
plan = topology.plan(settings, release, stack)
now = datetime.now(UTC)
encryption = certificates.of(settings, plan, now)
for warning in encryption.warnings(now) if encryption else ():
    pulumi.log.warn(warning)

material.write(settings.hosts)
surveys = survey.take({name: host.docker for name, host in settings.hosts.items()}, stack)
left_out = os.environ.get(survey.LEFT_OUT, "").split()
found = preflight.findings(settings, plan, stack, surveys, left_out)
for warning in found.warnings:
    pulumi.log.warn(warning)
supplies = images.supplies(settings, plan)
errors = [*found.errors, *map(str, images.mistakes(supplies, surveys))]
if errors:
    raise pulumi.RunError("\n".join(errors))

hosts = {
    name: Host(
        name,
        host,
        settings.registry,
        settings.registries,
        supplies.get(name),
        plan.shared[name],
        stack,
        surveys[name],
    )
    for name, host in settings.hosts.items()
}
parties = [Party(party, hosts, settings, release, stack, encryption) for party in plan.parties]
exchanges = (
    [Exchange(plan.exchange, hosts[plan.exchange.host], release, stack, encryption)]
    if plan.exchange
    else []
)
if settings.verify:
    verify.toy_jobs(parties, exchanges, release, stack)
    verify.serving(parties, stack)

pulumi.export("parties", party_outputs(plan, settings, release))
passwords = {str(party.id): party.passwords for party in parties if party.passwords}
if passwords:
    pulumi.export("passwords", pulumi.Output.secret(passwords))
if plan.exchange:
    pulumi.export("exchange", exchange_output(plan.exchange, settings))
if encryption:
    pulumi.export("tls", tls_output(encryption))
