"""Questions to FATE Flow of FATE 1.3, over HTTP from inside its container."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from ...docker.client.containers import Containers

# Its Python is not on PATH. Of rows only some fields are kept: a job's row has all of its conf.
_REQUEST = """source /data/projects/python/venv/bin/activate
exec python -c '
import json
import sys
from urllib.request import Request, urlopen
headers = {"Content-Type": "application/json"}
url = "http://127.0.0.1:9380" + sys.argv[1]
body = sys.stdin.read().encode()
answer = urlopen(Request(url, body, headers), timeout=300).read().decode()
if sys.argv[2:]:
    answer = json.loads(answer)
    rows = answer.get("data") or []
    answer["data"] = [{key: row.get(key) for key in sys.argv[2:]} for row in rows]
    answer = json.dumps(answer)
print(answer)
' """


class FlowError(Exception):
    """FATE Flow gives no answer; the text explains why."""


def ask(
    party: Containers, path: str, body: Mapping[str, Any], fields: Sequence[str] = ()
) -> dict[str, Any]:
    """Ask a party's FATE Flow.

    Args:
        party: the party.
        path: the path of the URL.
        body: the request's body.
        fields: the fields of rows to return; all if none are given.

    Raises:
        FlowError: it gives no answer.
    """
    script = _REQUEST + shlex.join([path, *fields])
    done = party.run("python", script, json.dumps(body), timeout=330)
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        last = (done.stderr.strip() or done.stdout.strip() or "no answer").splitlines()[-1]
        raise FlowError(
            f"FATE Flow of party {party.id} ({party.state('python')}) gave no answer: {last}"
        ) from None
