"""Health checks: the commands that run inside a container to check its service."""

import pulumi_docker as docker

from .inspect.survey import Described
from .software import HttpProbe, Probe

# Cleared whenever the container starts, unlike a file in its own file system.
_MARK = "/dev/shm/fate-healthy"  # noqa: S108 - every container has its own
_PAUSE = 15  # seconds before a healthy service is probed again
_TRIES = 8  # of a service that is not healthy, by one run of its health check
_BETWEEN = 0.5  # seconds between them


def check(probe: Probe) -> str:
    """The shell command that succeeds if a probe does. There are two kinds of official images,
    and these commands need nothing that one of them lacks.

    Raises:
        ValueError: the probe checks nothing, so it could never fail.
    """
    if probe.http:
        return _answers(probe.http)
    if not probe.listens:
        raise ValueError("a probe needs ports or a request")
    return " && ".join(_listens(port) for port in probe.listens)


def until_listening(host: str, port: int) -> str:
    """The shell command that waits in a container, with bash, until a port accepts connections.

    Args:
        host: the host name or address, as seen from the container.
        port: the TCP port.
    """
    return f"""echo "waiting for {host}:{port}"
until (exec 3<>/dev/tcp/{host}/{port}) 2>/dev/null; do sleep 1; done"""


def _listens(port: int) -> str:
    # 0A is the kernel's number for LISTEN; Java listens in tcp6 only.
    sockets = "cat /proc/net/tcp /proc/net/tcp6 2>/dev/null"
    return (
        f"{{ {sockets} | grep -q ':{port:04X} 0*:0000 0A'"
        f" || {{ echo 'nothing listens on port {port}'; false; }}; }}"
    )


def _answers(probe: HttpProbe) -> str:
    # Alpine images have wget, CentOS images bash, which can send a request by itself.
    url = f"http://{probe.host}:{probe.port}{probe.path}"
    body = probe.post or ""
    wget = f"wget -q -O - {url}"
    lines = [f"{'POST' if probe.post else 'GET'} {probe.path} HTTP/1.0", "Host: localhost"]
    for name, text in probe.headers.items():
        wget += f' --header "{name}: {text}"'
        lines.append(f"{name}: {text}")
    if probe.post:
        wget += f" --header 'Content-Type: application/json' --post-data '{body}'"
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    request = "\\r\\n".join([*lines, "", body.replace('"', '\\"')])
    bash = f'exec 3<>/dev/tcp/{probe.host}/{probe.port} && printf "{request}" >&3 && cat <&3'
    return answers(
        f"if command -v bash >/dev/null; then bash -c '{bash}'; else {wget}; fi", probe.answers, url
    )


def answers(command: str, pattern: str, who: str) -> str:
    """A shell command that succeeds if the output of another command matches a pattern.

    Otherwise it prints the start of that output, which Docker keeps as the health check's output.

    Args:
        command: the command to run.
        pattern: a basic regular expression.
        who: the source of the output, for the message.
    """
    return (
        f"answer=$({command} 2>&1); printf '%s' \"$answer\" | grep -q '{pattern}'"
        f" || {{ printf '{who}: %.300s' \"$answer\"; false; }}"
    )


def healthcheck(command: str, present: Described) -> docker.ContainerHealthcheckArgs:
    """Docker's health check for a command: frequent while the service starts, rare afterwards.

    Docker before 25 has one interval for both, and starting a process in a container costs ten
    times as much as a probe. So one run of the health check probes a service several times until it
    is healthy, and afterwards once, after a sleep in the container.

    Durations are in Go's canonical form, or every refresh would show a change.

    Args:
        command: the shell command that succeeds if the service is healthy.
        present: the container as Docker shows it, empty if it does not exist.
    """
    probe, interval = _several(command), "1s"
    # Docker can change a health check only by replacing the container, which is not worth it.
    if _test(present) == ["CMD-SHELL", once := _once(command)]:
        probe, interval = once, "2s"
    return docker.ContainerHealthcheckArgs(
        tests=["CMD-SHELL", probe],
        interval=interval,
        timeout="1m0s",
        retries=3,
        start_period="10m0s",
    )


def _several(command: str) -> str:
    return (
        f"n={_TRIES}; [ ! -e {_MARK} ] || {{ sleep {_PAUSE}; n=1; }}; "
        f"until why=$({command}); do"
        f' n=$((n - 1)); [ $n -gt 0 ] || {{ rm -f {_MARK}; printf %s "$why"; exit 1; }};'
        f" sleep {_BETWEEN}; done; : > {_MARK}"
    )


def _once(command: str) -> str:
    # What earlier versions of this project gave their containers.
    return (
        f"[ ! -e {_MARK} ] || sleep {_PAUSE}; "
        f"if {command}; then : > {_MARK}; else rm -f {_MARK}; exit 1; fi"
    )


def _test(present: Described) -> list[str] | None:
    return ((present.get("Config") or {}).get("Healthcheck") or {}).get("Test")
