"""The stack's outputs: where the parties can be reached."""

from .settings import Published, Settings
from .topology import ExchangePlan, Topology


def party_outputs(plan: Topology, settings: Settings) -> dict[str, dict[str, str]]:
    """Each party's FATE Board, FATE Flow and proxy, by the party's id."""
    found = {}
    for party in plan.parties:
        at = {
            name: _reach(party.party.host, port, settings) for name, port in party.published.items()
        }
        found[str(party.party.id)] = {
            "fateboard": f"http://{at['fateboard']}",
            "fateflow": f"http://{at['fateflow-http']}",
            "proxy": at["proxy"],
        }
    return found


def exchange_output(plan: ExchangePlan, settings: Settings) -> str:
    """The exchange's address and port."""
    return _reach(plan.host, plan.published, settings)


def _reach(host: str, port: Published, settings: Settings) -> str:
    address = settings.hosts[host].reachable_at or "localhost"
    return f"{address if port.everywhere else port.ip}:{port.port}"
