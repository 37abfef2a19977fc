"""A Docker host with a container, played by the test."""

from typing import Any

from fate_components.docker.client.daemon import NoAnswerError
from fate_components.operate.fleet import Member

LABELS = {"fate.stack": "dev", "fate.party": "9999", "fate.service": "egg"}
EGG: dict[str, Any] = {
    "Id": "e2",
    "Name": "/fate-dev-9999-egg-2",
    "Image": "sha256:0123456789abcdef",
    "RestartCount": 3,
    "Config": {"Labels": LABELS},
    "State": {
        "Status": "running",
        "Health": {"Status": "healthy"},
        "StartedAt": "2026-11-25T07:30:00.123456789Z",
        "FinishedAt": "0001-01-01T00:00:00Z",
    },
    "HostConfig": {
        "PortBindings": {
            "7888/tcp": [{"HostIp": "127.0.0.1", "HostPort": "9000"}],
            "7778/tcp": [{"HostIp": "", "HostPort": "9001"}],
            "1/tcp": None,
        }
    },
}


class Docker:
    """A daemon with the answers to some questions."""

    answers: dict[str, Any]
    refuses = "there"

    def __init__(self, docker_host: str, _: float = 60) -> None:
        self.docker_host = docker_host

    def get(self, path: str) -> Any:
        if self.docker_host == self.refuses:
            raise NoAnswerError("connection refused")
        return self.answers.get(path.partition("&filters=")[0])


def missing(service: str, host: str = "a", party: str = "9999") -> Member:
    return Member("dev", party, service, host, "here", f"fate-dev-{party}-{service}")
