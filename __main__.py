"""FATE on Docker hosts: from the stack file to running parties."""

import pulumi

from fate_components import release as catalogue
from fate_components import settings as stack_file
from fate_components import topology
from fate_components.host import Host
from fate_components.outputs import exchange_output, party_outputs
from fate_components.party import Exchange, Party

try:
    settings = stack_file.load()
except stack_file.SettingsError as error:
    raise pulumi.RunError(str(error)) from None

stack = pulumi.get_stack()
release = catalogue.load(settings.release)
plan = topology.plan(settings, release, stack)

hosts = {
    name: Host(name, host, settings.registry, plan.shared[name], stack)
    for name, host in settings.hosts.items()
}
for party in plan.parties:
    Party(party, hosts[party.party.host], settings, release, stack)
if plan.exchange:
    Exchange(plan.exchange, hosts[plan.exchange.host], release, stack)

pulumi.export("parties", party_outputs(plan, settings))
if plan.exchange:
    pulumi.export("exchange", exchange_output(plan.exchange, settings))
