"""The toy job of FATE 1.3: FATE's own example, run in the guest's FATE Flow."""

import argparse
import re
import time

from .containers import fail, parties, say

_EXAMPLE = "/data/projects/fate/python/examples/toy_example"
# The image activates its Python in ~/.bashrc only, which a script does not read.
_JOB = f"""source /data/projects/python/venv/bin/activate &&
cd {_EXAMPLE} && python run_toy_example.py {{guest}} {{host}} 1"""
_RUN_LIMIT = 300
# A proxy that was there before reads a changed route table within a minute.
_ROUTES_LIMIT = 90
# What gRPC says of a party that the route table of a proxy does not know yet.
_NO_ROUTE = re.compile("UNAVAILABLE")


def main() -> None:
    """Run it, again only while a route may be missing; it fails with the example's last lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", required=True, help="the stack's name")
    guest, host = parties(parser.parse_args().stack)
    deadline = time.monotonic() + _ROUTES_LIMIT
    while True:
        say(f"toy job: party {guest.id} with party {host.id}")
        job = _JOB.format(guest=guest.id, host=host.id)
        done = guest.run("python", job, timeout=_RUN_LIMIT)
        said = (done.stdout + done.stderr).strip().splitlines()
        # The example itself ends with 0 when it fails.
        if done.returncode == 0 and any("success to calculate secure_sum" in line for line in said):
            say(said[-1])
            return
        if time.monotonic() > deadline or not any(map(_NO_ROUTE.search, said)):
            fail(
                f"the toy job of party {guest.id} with party {host.id} failed; its last lines:",
                *said[-20:],
            )
        time.sleep(5)


if __name__ == "__main__":
    main()
