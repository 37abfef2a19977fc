"""Where serving clusters run, and how they and the training clusters of their parties meet."""

from collections.abc import Iterator

from .. import settings as stack_file
from ..plan.placed import PlacedCluster
from ..plan.planner import Planner, published
from ..settings import SERVING, Mistake
from ..settings.errors import unknown_host
from .settings import Party, Serving

FLOW, SERVER = "fateflow-http", "serving-server"
"""The ports at which the clusters of one party call each other."""


def keys(party: stack_file.Party) -> Serving | None:
    """The settings of a party's serving cluster, if it has one."""
    assert isinstance(party, Party)  # noqa: S101 - only lines with serving ask
    return party.serving


def opened(planner: Planner, party: stack_file.Party) -> dict[str, str]:
    """The addresses to which the ports are bound at which a party's clusters call each other.

    On one Docker host they call each other by name, and nothing is opened. On two, it is the host's
    own address by default, or all addresses if that is a name.

    Args:
        planner: decides where clusters run.
        party: the party.
    """
    serving = keys(party)
    if not (party.training and serving and serving.host) or serving.host == party.host:
        return {}
    return {FLOW: planner.bound_inside(party.host), SERVER: planner.bound_inside(serving.host)}


def cluster(planner: Planner, party: stack_file.Party, serving: Serving) -> PlacedCluster:
    """A party's serving cluster, which has all its services on one Docker host.

    Args:
        planner: decides where clusters run.
        party: the party.
        serving: the cluster's settings.
    """
    host, facts = serving.host or party.host, serving.facts(planner.release)
    ports = published(serving, facts, planner.bound(host), opened(planner, party))
    return PlacedCluster(SERVING, host, facts, ports, inner=(SERVER,))


def mistakes(planner: Planner) -> Iterator[Mistake]:
    """Serving clusters on unknown Docker hosts."""
    hosts = planner.settings.hosts
    for index, party in enumerate(planner.settings.parties):
        serving = keys(party)
        if serving and serving.host is not None and serving.host not in hosts:
            yield Mistake(("parties", index, "serving", "host"), unknown_host(serving.host, hosts))
