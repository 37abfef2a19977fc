"""Requests to FATE Flow of FATE 2, from inside its container."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from ...docker.client.containers import Containers
from ...party.files import ROOT

FLOW = f"{ROOT}/fate_flow"

# FATE Flow's own call with gRPC, as it sends it through OSX.
_CALL = """
import json, sys
import grpc
from ofx.api.proto.rollsite import basic_meta_pb2, proxy_pb2, proxy_pb2_grpc

at, own, other, path = sys.argv[1:]
end = lambda party: proxy_pb2.Topic(partyId=party, role="fateflow")
task = proxy_pb2.Task(taskId="", model=proxy_pb2.Model(name="headers", dataKey="{}"))
head = proxy_pb2.Metadata(src=end(own), dst=end(other), task=task, operator="GET")
packet = proxy_pb2.Packet(header=head, body=proxy_pb2.Data(key=path, value=b"{}"))
stub = proxy_pb2_grpc.DataTransferServiceStub(grpc.insecure_channel(at))
try:
    print(stub.unaryCall(packet, timeout=10).body.value.decode())
except grpc.RpcError as error:
    sys.exit(f"{error.code().name}: {error.details()}")
"""


class HopError(Exception):
    """A broken hop on the way between the parties."""


def request(party: Containers, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Send an HTTP request to a party's FATE Flow, from inside its container.

    Args:
        party: the party.
        method: GET or POST.
        path: the path of the URL.
        body: the request body, sent as JSON.

    Raises:
        HopError: there is no answer, or it is not JSON.
    """
    text = "" if body is None else json.dumps(body)
    return _send(party, "fateflow", conf(party)["fateflow"], f"{method} {path}", {}, text)


def through_nginx(
    caller: Containers, called: Containers, at: Mapping[str, Any], path: str
) -> dict[str, Any]:
    """Send a request from one party's FATE Flow to another's through nginx, like its own calls.

    Args:
        caller: the party whose nginx forwards it.
        called: the other party.
        at: where that nginx is, as FATE Flow's configuration has it.
        path: the path of the URL.

    Raises:
        HopError: there is no answer, or it is not JSON.
    """
    headers = {"DEST-PARTY-ID": called.id, "SERVICE": "fateflow"}
    return _send(caller, "nginx", at, f"GET {path}", headers)


def _send(
    party: Containers,
    service: str,
    at: Mapping[str, Any],
    what: str,
    headers: Mapping[str, str],
    text: str = "",
) -> dict[str, Any]:
    lines = [f"{what} HTTP/1.0", "Host: localhost", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(text)}", "", text]
    where = f"/dev/tcp/{at['host']}/{at['http_port']}"
    done = party.run("fateflow", f"exec 3<>{where}; cat >&3; cat <&3", "\r\n".join(lines))
    head, _, answer = done.stdout.partition("\n\n")  # read as text, which has no \r
    try:
        return dict(json.loads(answer))
    except ValueError:
        status = head.splitlines()[0] if head else done.stderr.strip() or "no answer"
        raise HopError(
            f"{service} of party {party.id} ({at['host']}:{at['http_port']}) answered {status!r}"
        ) from None


def cores(party: Containers) -> int:
    """How many cores the jobs of a party may use together.

    Args:
        party: the party.

    Raises:
        HopError: its FATE Flow has no configuration.
    """
    config = conf(party)
    return int(config["computing"][config["default_engines"]["computing"]]["cores"])


def conf(party: Containers) -> dict[str, Any]:
    """The configuration of a party's FATE Flow.

    Raises:
        HopError: it has none.
    """
    config = yaml.safe_load(party.run("fateflow", f"cat {FLOW}/conf/service_conf.yaml").stdout)
    if not config:
        raise HopError(
            f"FATE Flow of party {party.id} has no configuration: {party.states('fateflow')}"
        )
    return dict(config)


def through_osx(
    caller: Containers, called: Containers, at: Mapping[str, Any], path: str
) -> dict[str, Any]:
    """Send a request from one party's FATE Flow to another's through OSX, like its own calls.

    Args:
        caller: the party whose OSX forwards it.
        called: the other party.
        at: where that OSX is, as FATE Flow's configuration has it.
        path: the path of the URL.

    Raises:
        HopError: there is no answer, or it is not JSON.
    """
    where = f"{at['host']}:{at['port']}"
    done = caller.exec("fateflow", ["python", "-c", _CALL, where, caller.id, called.id, path])
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        answer = (done.stderr.strip() or done.stdout.strip() or "no answer").splitlines()[-1]
        raise HopError(f"osx of party {caller.id} ({where}) answered {answer!r}") from None
