"""The call that FATE Flow makes through OSX, in the lab's protocol."""

# mypy: disable-error-code="import-not-found, import-untyped, misc"

import json
from types import SimpleNamespace

import grpc
from fate_lab.protocol import ANY, HopError, call


class _Failed(grpc.RpcError):
    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return str(self.args[0])


class DataTransferServiceStub:
    def __init__(self, channel: grpc.Channel) -> None:
        self.at = channel._channel.target().decode().rpartition("/")[2]

    def unaryCall(self, packet: SimpleNamespace, timeout: float) -> SimpleNamespace:  # noqa: N802
        host, _, port = self.at.rpartition(":")
        head = packet.header
        asked = {"method": head.operator, "path": packet.body.key}
        asked["body"] = json.loads(packet.body.value)
        sent = {"to": head.dst.partyId, "op": "unary", "body": asked, "hops": 6}
        try:
            found = call("fateflow", host, int(port), "osx", ANY, "forward", sent)
        except HopError as error:
            raise _Failed(str(error)) from None
        return SimpleNamespace(body=SimpleNamespace(value=json.dumps(found).encode()))
