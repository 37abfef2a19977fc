"""What OpenSSH's configuration on this machine says about the Docker hosts at ssh:// URLs."""

import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from ..docker.client import ssh
from .addresses import is_address
from .errors import Mistake, shown
from .hosts import DockerHost

_SECONDS = 10  # a Match block may run commands, and names may be looked up


def host_name(url: str) -> str:
    """The host name or address that OpenSSH connects to for an ssh:// URL.

    Raises:
        ValueError: it cannot tell; the text explains why.
    """
    try:
        done = subprocess.run(
            ["ssh", "-G", *ssh.target(url)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise ValueError(
            "the ssh command is missing on this machine; install the OpenSSH client "
            "(Debian: apt-get install openssh-client)"
        ) from None
    except subprocess.TimeoutExpired:
        raise ValueError(f"ssh -G gave no answer within {_SECONDS} s; set address") from None
    if done.returncode:
        first = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[0]
        raise ValueError(f"ssh -G failed: {shown(first)}; correct OpenSSH's configuration")
    config = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    name = config.get("hostname", "")
    if not is_address(name):
        raise ValueError(
            f"OpenSSH's configuration says {shown(name)}, which is neither a host name nor an "
            "IPv4 address; set address to the one at which other machines reach it"
        )
    return name


def names(hosts: Mapping[str, DockerHost]) -> tuple[dict[str, str], list[Mistake]]:
    """The host names that OpenSSH connects to, by Docker host, and why some are unknown.

    Args:
        hosts: the Docker hosts. Only those at ssh:// URLs without an address are looked up.
    """
    asked = [
        name for name, host in hosts.items() if host.docker.startswith("ssh:") and not host.address
    ]

    def ask(name: str) -> str | Mistake:
        try:
            return host_name(hosts[name].docker)
        except ValueError as error:
            return Mistake(("hosts", name, "docker"), f"{hosts[name].docker}: {error}")

    with ThreadPoolExecutor(max_workers=16) as threads:
        answers = dict(zip(asked, threads.map(ask, asked), strict=True))
    return (
        {name: answer for name, answer in answers.items() if isinstance(answer, str)},
        [answer for answer in answers.values() if isinstance(answer, Mistake)],
    )
