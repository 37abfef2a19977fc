"""The toy job of the toy line: both parties keep a record of it, which is all that it does."""

import argparse
import json
import shlex
from datetime import UTC, datetime

from fate_components.party import redis
from fate_components.party.toy_job import fail, parties, say


def main() -> None:
    """Run it, and say why it failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", required=True, help="the stack's name")
    guest, host = parties(parser.parse_args().stack)
    job = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")
    for role, party in (("guest", guest), ("host", host)):
        row = {"job_id": job, "role": role, "party_id": party.id, "status": "success"}
        record = shlex.quote(json.dumps([row]))
        done = party.run("redis", f"{redis.SAVE} && echo {record} > /data/job.json")
        if done.returncode:
            fail(f"the toy job of party {guest.id} failed at party {party.id}:", done.stderr)
    say(f"toy job {job}: success on both parties")


if __name__ == "__main__":
    main()
