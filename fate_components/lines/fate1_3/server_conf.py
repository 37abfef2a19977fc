"""server_conf.json: where Python code of FATE and EggRoll finds the party's services."""

from collections.abc import Sequence

from ...plan.endpoints import Endpoint
from .cluster import ClusterContext


def server_conf(
    context: ClusterContext, servings: Sequence[Endpoint] = (), board: Endpoint | None = None
) -> dict[str, object]:
    """Read by both egg and FATE Flow, because a job runs partly in each.

    Args:
        context: the training cluster.
        servings: where FATE Flow loads models.
        board: where people reach FATE Board. FATE Flow calls it nowhere: fate_flow/settings.py of
            FATE 1.3.0, the only reader, makes links for people of it (`board_url`).
    """

    def at(service: str) -> dict[str, object]:
        return address(context.endpoint(service))

    def address(endpoint: Endpoint) -> dict[str, object]:
        return {"host": endpoint.host, "port": endpoint.port}

    fate_flow = context.plan.facts.services["python"].ports
    return {
        "servers": {
            "proxy": at("proxy"),
            "fateboard": address(board) if board else at("fateboard"),
            "roll": at("roll"),
            "fateflow": {
                "host": "python",
                "grpc.port": fate_flow["fateflow-grpc"],
                "http.port": fate_flow["fateflow-http"],
            },
            "federation": at("federation"),
            "clustercomm": at("federation"),
            # FATE Flow reads the key at startup.
            "servings": [f"{to.host}:{to.port}" for to in servings],
        }
    }
