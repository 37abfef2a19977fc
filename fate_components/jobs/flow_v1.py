"""Questions to FATE Flow of FATE 1, over HTTP from inside its container."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..docker.client.containers import Containers
from .fate_flow import JobsError, Row

# Of rows only some fields are kept: a job's row has all of its conf. Some answers that say why
# something failed have the status of an error.
_REQUEST = """exec python -c '
import json
import socket
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen
headers = {"Content-Type": "application/json"}
host = sys.argv[1] or socket.gethostbyname(socket.gethostname())
url = "http://" + host + ":9380" + sys.argv[2]
body = sys.stdin.read().encode()
try:
    answer = urlopen(Request(url, body, headers), timeout=300)
except HTTPError as error:
    answer = error
answer = answer.read().decode()
if sys.argv[3:]:
    answer = json.loads(answer)
    rows = answer.get("data") or []
    answer["data"] = [{key: row.get(key) for key in sys.argv[3:]} for row in rows]
    answer = json.dumps(answer)
print(answer)
' """


class FlowError(Exception):
    """FATE Flow gives no answer; the text explains why."""


@dataclass(frozen=True)
class FlowClient:
    """A client of FATE Flow 1.

    Args:
        service: the service in which FATE Flow runs.
        prepare: shell commands after which its Python is on PATH.
        host: the address that it listens on in its container; its container's own if it is "".
    """

    service: str
    prepare: str = ""
    host: str = ""

    def ask(
        self, party: Containers, path: str, body: Mapping[str, Any], fields: Sequence[str] = ()
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
        script = self.prepare + _REQUEST + shlex.join([self.host, path, *fields])
        done = party.run(self.service, script, json.dumps(body), timeout=330)
        try:
            return dict(json.loads(done.stdout))
        except ValueError:
            last = (done.stderr.strip() or done.stdout.strip() or "no answer").splitlines()[-1]
            raise FlowError(
                f"FATE Flow of party {party.id} ({party.state(self.service)}) gave no answer: "
                f"{last}"
            ) from None

    def rows(
        self,
        party: Containers,
        what: str,
        fields: Sequence[str],
        filters: Mapping[str, str],
    ) -> list[Row]:
        """The jobs or tasks that it finds, by the names of their columns without f_.

        Args:
            party: the party.
            what: job or job/task.
            fields: the columns to return.
            filters: the columns to filter by.

        Raises:
            JobsError: it gives no answer.
        """
        try:
            names = [f"f_{field}" for field in fields]
            answer = self.ask(party, f"/v1/{what}/query", filters, names)
        except FlowError as error:
            raise JobsError(str(error)) from None
        # What is not found is no error.
        rows = answer.get("data") or []
        return [{key.removeprefix("f_"): value for key, value in row.items()} for row in rows]
