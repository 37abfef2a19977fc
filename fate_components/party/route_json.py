"""What the route tables of FATE's gateways have in common: the proxy of FATE 1.3, and OSX."""

from collections.abc import Mapping

from ..plan.endpoints import Endpoint, Reach

Roles = Mapping[str, Endpoint]
"""Where a party's services are reached, by the role of the service in a route table."""


def entries(
    gateway: str,
    default: Endpoint | None,
    others: Mapping[int, Reach],
    own: Mapping[str, Roles],
) -> dict[str, object]:
    """The entries of a route table, its owner's last.

    Args:
        gateway: the name of the port at which other parties are called.
        default: where everything else goes, if anywhere.
        others: the other parties, by id.
        own: the owner's own entry, if it has one.
    """
    table: dict[str, Roles] = {"default": {"default": default}} if default else {}
    table |= {str(party): {"default": others[party][gateway]} for party in sorted(others)}
    return {
        party: {role: [{"ip": to.host, "port": to.port}] for role, to in roles.items()}
        for party, roles in {**table, **own}.items()
    }
