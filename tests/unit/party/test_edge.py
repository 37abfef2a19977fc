"""The edge: what it listens on, what it forwards to, and how its ways out are checked."""

import re
import subprocess
from typing import Any

import pytest

from fate_components import lines
from fate_components.docker.client.containers import Containers
from fate_components.party import edge, edge_check
from fate_components.plan import clusters, endpoints, topology
from fate_components.stack_file import parse
from tests.support.bad_stack_files import CA, GOOD, GOOD_2
from tests.support.certificates import encrypted
from tests.support.program import COMMAND, CONTAINER, Recorder, run, secret
from tests.support.stack_files import as_engine

# Debian's nginx 1.22, as it is built from packages.
BUILT = "fate-packages/edge:1.22-0123456789ab"
PEERS = [{"id": 10001, "address": "fate.example.org", "tls": {"authority": CA}}]
TLS: dict[str, Any] = {"fate:tls": {"enabled": True}, "fate:peers": PEERS}
SERVING = {
    "fate:parties": [
        {"id": 9999, "host": "a", "training": {}, "serving": {}},
        {**GOOD["fate:parties"][1], "serving": {"publish": {
            "serving-http": 8060, "serving-grpc": 8870, "serving-server": 8001}}},
    ]
}  # fmt: skip


def planned(change: dict[str, Any]) -> topology.Topology:
    config = as_engine({**GOOD, **TLS, **change})
    settings, release = parse(config, {"fate:masterSecret"}, "dev")
    return lines.plan(settings, release, "dev")


def training(plan: topology.Topology) -> clusters.ClusterPlan:
    return plan.parties[0].clusters["training"]


def test_services_call_others_through_their_edge() -> None:
    plan = training(planned({}))
    assert plan.others == {
        10000: {"proxy": endpoints.Endpoint("edge", 13000)},
        10001: {"proxy": endpoints.Endpoint("edge", 13001)},
    }
    assert plan.edge
    assert [(way.party, way.port, way.to.host, way.to.port) for way in plan.edge.tunnels] == [
        ("10000", 13000, "fate-dev-10000-edge", 9370),
        ("10001", 13001, "fate.example.org", 9370),
    ]
    assert plan.shared("proxy") == []
    assert plan.publishes(["proxy", "fateboard"]).keys() == {"fateboard"}


def test_a_new_party_changes_no_port_of_another() -> None:
    before = training(planned({})).others
    parties = [GOOD["fate:parties"][0], {**GOOD["fate:parties"][1], "id": 3000 + 7000}]
    more = [{"id": 1, "address": "x.org", "tls": {"authority": CA}}, *PEERS]
    after = training(planned({"fate:parties": parties, "fate:peers": more})).others
    assert before.items() <= after.items()


def test_with_an_exchange_everything_goes_to_its_edge() -> None:
    plan = planned({"fate:exchange": {"host": "a", "port": 9399}})
    cluster = training(plan)
    assert cluster.others == {}
    assert cluster.default == endpoints.Endpoint("edge", 9371)
    assert cluster.edge
    assert [(way.party, way.to.host) for way in cluster.edge.tunnels] == [
        ("exchange", "fate-dev-exchange-edge")
    ]
    assert plan.exchange
    assert plan.exchange.edge
    assert {way.party for way in plan.exchange.edge.tunnels} == {"9999", "10000", "10001"}
    assert plan.exchange.parties[10000]["proxy"].host == "edge"


def test_every_way_is_verified_and_bound_to_the_inside() -> None:
    plan = training(planned({})).edge
    assert plan
    text = edge.config("party 9999", plan, encrypted(), BUILT)
    servers = re.split(r"^    server \{$", text, flags=re.MULTILINE)[1:]
    assert len(servers) == 3
    assert "listen 9370 ssl http2;" in servers[0]
    assert "ssl_verify_client on;" in servers[0]
    for server, name in zip(servers[1:], ("party-10000", "party-10001"), strict=True):
        assert f"listen {plan.inside.address}:" in server
        assert "grpc_ssl_verify on;" in server
        assert f"grpc_ssl_name {name};" in server
        assert "grpc_pass grpcs://$to;" in server
    bundle = edge.bundle("party 9999", plan, encrypted(), BUILT)
    assert re.findall("^==> (.*)$", bundle, re.MULTILINE) == [
        "nginx.conf", "authorities.pem", "10000.pem", "10001.pem",
    ]  # fmt: skip
    assert bundle.endswith(CA)


def test_fate_2_has_ways_for_http_grpc_and_the_broker() -> None:
    plan = training(planned({**GOOD_2, **TLS})).edge
    assert plan
    text = edge.config("party 9999", plan, encrypted(), BUILT)
    http, stream = text.split("\nstream {")
    assert "listen 9300 ssl;" in http
    assert "proxy_pass https://$to;" in http
    assert "listen 9310 ssl http2;" in http
    assert "listen 5672 ssl;" in stream
    assert stream.count("proxy_ssl on;") == 2
    assert [way.protocol for way in edge_check.ways(text)] == ["http", "grpc"] * 2 + ["tcp"] * 2


@pytest.mark.parametrize(
    ("image", "directive"),
    [
        ("nginx:1.28", True),
        ("registry.example.org:5000/mirror/nginx:1.25.1-alpine", True),
        ("nginx:1.25.0", False),
        ("registry.example.org/nginx:1.24", False),
        # Not the version of nginx.
        ("registry.example.org/edge:7", False),
        (BUILT, False),
    ],
)
def test_http2_is_switched_on_as_the_version_of_nginx_wants_it(image: str, directive: bool) -> None:
    plan = training(planned({**GOOD_2, **TLS})).edge
    assert plan
    text = edge.config("party 9999", plan, encrypted(), image)
    assert text.count("http2 on;") == (3 if directive else 0)
    assert len(re.findall("listen .* http2;", text)) == (0 if directive else 3)
    assert [way.protocol for way in edge_check.ways(text)] == ["http", "grpc"] * 2 + ["tcp"] * 2


@pytest.mark.parametrize(
    ("change", "listens"),
    [
        ({}, "listen 9370 ssl;\n        http2 on;"),
        ({"fate:registry": "registry.example.org"}, "listen 9370 ssl;\n        http2 on;"),
        ({"fate:services": {"edge": {"image": "e.org/own:1"}}}, "listen 9370 ssl http2;"),
        ({**GOOD_2, "fate:images": "packages"}, "listen 9310 ssl http2;"),
    ],
)
def test_an_edge_gets_the_configuration_for_its_image(change: dict[str, Any], listens: str) -> None:
    uploads = secret(run({**change, **TLS}).of(CONTAINER)["fate-dev-9999-edge"]["uploads"])
    (found,) = (one["content"] for one in uploads if one["file"].endswith("/bundle"))
    assert listens in found


@pytest.fixture(scope="module")
def registered() -> Recorder:
    return run({**TLS, **SERVING, "fate:exchange": {"host": "a", "port": 9399}})


def test_edges_publish_what_their_gateways_would(registered: Recorder) -> None:
    published = {
        name: [(port["internal"], port["external"]) for port in inputs.get("ports", [])]
        for name, inputs in registered.of(CONTAINER).items()
    }
    assert published["fate-dev-9999-edge"] == [(9370, 9370)]
    assert published["fate-dev-10000-serving-edge"] == [(8869, 8870)]
    assert published["fate-dev-exchange-edge"] == [(9370, 9399)]
    for name in ("9999-proxy", "exchange"):
        assert published[f"fate-dev-{name}"] == []
    assert published["fate-dev-9999-serving-proxy"] == [(8059, 8059)]


def test_only_edges_share_a_network_with_others(registered: Recorder) -> None:
    for name, inputs in registered.of(CONTAINER).items():
        networks = [network["name"] for network in inputs["networksAdvanced"]]
        shared = any("shared" in network for network in networks)
        assert shared == name.endswith("edge"), name


def test_no_private_key_is_shown(registered: Recorder) -> None:
    files = secret(registered.of(CONTAINER)["fate-dev-9999-edge"]["uploads"])
    key = secret(files[1]["content"]) or files[1]["content"]
    assert "PRIVATE KEY" in key
    for resource in registered.resources:
        shown = {k: v for k, v in resource.inputs.items() if secret(v) is None}
        assert "PRIVATE KEY" not in str(shown), resource.name
    delivered = {r.name for r in registered.resources if r.typ == COMMAND}
    assert {"9999-edge-tls", "9999-edge-certificate", "exchange-edge-tls"} <= delivered


def answers(monkeypatch: pytest.MonkeyPatch, by_port: dict[int, bytes], log: list[str]) -> None:
    plan = training(planned({**GOOD_2, **TLS})).edge
    assert plan
    conf = edge.config("party 9999", plan, encrypted(), BUILT)
    done = subprocess.CompletedProcess([], 0, conf, "")
    monkeypatch.setattr(Containers, "exec", lambda *_: done)
    monkeypatch.setattr(Containers, "state", lambda *_: "running (healthy)")
    monkeypatch.setattr(Containers, "log", lambda *_: log)
    monkeypatch.setattr(
        Containers, "talk", lambda self, service, address, port, *_: by_port.get(port, b"")
    )


def frames(status: int) -> bytes:
    """The start of nginx's answer in HTTP/2: settings, then headers that begin with a status."""
    return (
        b"\x00\x00\x06\x04" + bytes(5) + bytes(6) + b"\x00\x00\x20\x01" + bytes(5) + bytes([status])
    )


@pytest.fixture
def party() -> Containers:
    return Containers("dev", "9999", "unix:///x.sock")


def test_a_whole_way_is_not_reported(monkeypatch: pytest.MonkeyPatch, party: Containers) -> None:
    good = {20000: b"HTTP/1.1 404 Not Found", 27000: frames(0x88), 13000: b"\x01"}
    answers(monkeypatch, good, [])
    assert list(edge_check.broken(party, "edge", {"10000"})) == []


def test_a_broken_way_is_reported_with_nginx_s_reason(
    monkeypatch: pytest.MonkeyPatch, party: Containers
) -> None:
    log = [
        "2026/11/25 00:45:10 [error] 207#207: *80 upstream SSL certificate verify error: "
        "(20:unable to get local issuer certificate) while SSL handshaking to upstream, "
        'client: 10.2.2.2, server: , request: "GET /fate.check.http/10000/a HTTP/1.0"',
    ]
    monkeypatch.setattr("secrets.token_hex", lambda _: "a")
    # What it said of an earlier check does not count.
    log.append(log[0].replace("10000/a", "10000/b").replace("certificate verify", "handshake"))
    answers(monkeypatch, {20000: b"HTTP/1.1 502 Bad Gateway", 27000: frames(0x89)}, log)
    first, second, third = edge_check.broken(party, "edge", {"10000"})
    assert first == (
        "edge of party 9999 cannot reach party 10000 at fate-dev-10000-edge:9300 with TLS: "
        "upstream SSL certificate verify error: (20:unable to get local issuer certificate) "
        "while SSL handshaking to upstream"
    )
    assert second.endswith("it does not accept this party's certificate, or cannot reach what is "
                           "behind it")  # fmt: skip
    assert "fate-dev-10000-edge:5672" in third
