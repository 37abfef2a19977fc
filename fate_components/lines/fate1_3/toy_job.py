"""The toy job of FATE 1.3: FATE's own example, run in the guest's FATE Flow."""

import argparse
import time

from ...docker.client.containers import Containers
from ...party import edge_check
from ...party.toy_job import fail, is_peer, parties, say
from ...plan.endpoints import EXCHANGE
from .proxy import ROUTE_TABLE

# The image activates its Python in ~/.bashrc only, which a script does not read.
_JOB = """source /data/projects/python/venv/bin/activate &&
cd /data/projects/fate/python/examples/toy_example && python run_toy_example.py {guest} {host} 1"""
_RUN_LIMIT = 300
# gRPC's status if a proxy has no route to the party, or if the party is down.
_NO_WAY = "UNAVAILABLE"
_READ_AGAIN_MINUTES = 2  # a proxy rereads its route table every minute


def routes_are_new(party: Containers) -> bool:
    """Whether a party's proxy may not have read its route table since the last delivery."""
    find = ["find", ROUTE_TABLE, "-mmin", f"-{_READ_AGAIN_MINUTES}"]
    return bool(party.exec("proxy", find).stdout.strip())


def main() -> None:
    """Run it; retry only while a proxy may not know its new routes. A failure shows its end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", required=True, help="the stack's name")
    guest, host = parties(parser.parse_args().stack)
    ours = [party for party in (guest, host) if not is_peer(party)]
    while True:
        say(f"toy job: party {guest.id} with party {host.id}")
        retry = any(map(routes_are_new, ours))
        job = _JOB.format(guest=guest.id, host=host.id)
        done = guest.run("python", job, timeout=_RUN_LIMIT)
        said = (done.stdout + done.stderr).strip().splitlines()
        # The example itself exits with 0 even if it fails.
        if done.returncode == 0 and any("success to calculate secure_sum" in line for line in said):
            say(said[-1])
            return
        ways = [
            way
            for party in ours
            for way in edge_check.broken(party, "edge", {guest.id, host.id, EXCHANGE})
        ]
        if ways or not (retry and any(_NO_WAY in line for line in said)):
            fail(
                f"the toy job of party {guest.id} with party {host.id} failed; its last lines:",
                *said[-20:],
                *ways,
            )
        time.sleep(5)


if __name__ == "__main__":
    main()
