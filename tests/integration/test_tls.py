"""TLS between two parties on two Docker hosts: training, serving and an exchange.

The stack issues the certificate of party 9999; party 10000 has one of another authority.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import grpc  # type: ignore[import-untyped]
import pytest
from pydantic import SecretStr

from fate_components.crypto import pki
from fate_components.party.edge import CONF
from tests.support.engine.capture import Capture
from tests.support.engine.docker_hosts import DockerHost
from tests.support.engine.serving import Deployment, right, two_hosts
from tests.support.engine.stacks import ROOT

CONTAINER = "docker:index/container:Container"
STRANGER = pki.Authority(SecretStr("an authority that nobody knows"))
NOW = datetime.now(UTC)
PARTNER = "fate.partner.example"
GIVEN = pki.Authority(SecretStr("an authority of party 10000")).issue(PARTNER, [], NOW)
# Runs the program as if it issued certificates a year earlier.
_A_YEAR_AGO = """
import runpy
from fate_components.crypto import pki
from fate_components.security import certificates
real = certificates.of
certificates.of = lambda settings, plan, now: real(settings, plan, now - pki.RENEWED_EVERY)
runpy.run_path("{main}")
"""


@pytest.fixture(scope="module")
def deployed(
    docker_host: DockerHost,
    other_host: DockerHost,
    engine_env: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("tls")
    found = two_hosts(docker_host, other_host, engine_env, folder, 9740)
    given = {
        "certificate": GIVEN.certificate,
        "key": found.stack.encrypted(GIVEN.key.get_secret_value()),
        "authority": GIVEN.trust.authority,
    }
    found.stack.change(lambda c: c["fate:parties"][1].update(tls=given))
    found.stack.change(lambda c: c.update({"fate:tls": {"enabled": True}}))
    found.stack.up()
    yield found
    found.stack.destroy()


def containers(deployed: Deployment) -> dict[str, tuple[str, str]]:
    return deployed.here.lives() | deployed.there.lives()


def test_jobs_and_inference_cross_docker_hosts(deployed: Deployment) -> None:
    assert "success" in deployed.stack.outputs("verify-9999-10000")["stdout"]
    for id in (9999, 10000):
        said = deployed.stack.outputs(f"verify-serving-{id}")["stdout"]
        assert said == f"serving of party {id}: every way works"
    deployed.there.toy_succeeds(10000, 9999)
    done = deployed.publish()
    assert done.returncode == 0, done.stderr
    assert right(deployed.infer(deployed.here, "a"))
    deployed.stack.preview(expect_no_changes=True)
    expire = deployed.stack.auto.outputs()["tls"].value["certificatesExpire"]
    assert set(expire) == {"9999", "10000"}
    for name in containers(deployed):
        if name.endswith("edge"):
            host = deployed.here.host if "9999" in name else deployed.there.host
            assert "deprecated" not in host.docker.containers.get(name).logs().decode(), name


def test_nothing_of_a_job_can_be_read_between_docker_hosts(deployed: Deployment) -> None:
    here = deployed.here
    with Capture(here.host, '"hops"', '"party"', "sendToRemoteFeatureData") as seen:
        here.toy_succeeds(9999, 10000)
        assert right(deployed.infer(here, "capture"))
    uplink = f"{here.host.namespace}i"
    inside = sum(found for name, found in seen.found.items() if name.startswith("veth"))
    assert inside, "the capture must be able to find the words"
    assert seen.bytes[uplink] > 10_000, "the job must have crossed the link"
    assert seen.found[uplink] == 0


@pytest.mark.parametrize(("gateway", "port"), [("proxy", 9740), ("serving-grpc", 9752)])
def test_a_stranger_is_refused(deployed: Deployment, gateway: str, port: int) -> None:
    own = pki.Authority(SecretStr(deployed.stack.master_secret))
    peers = {
        "no certificate": None,
        "another authority's": STRANGER.issue("party-10000", [], NOW),
        "a good one": own.issue("party-10000", [], NOW),
    }
    found = {
        who: called(f"{deployed.here.host.address}:{port}", own, peer)
        for who, peer in peers.items()
    }
    refused = (
        grpc.StatusCode.UNAUTHENTICATED,
        "party 9999 requires a certificate from an authority that it knows",
    )
    assert found.pop("a good one")[0] is grpc.StatusCode.OK
    assert found == {"no certificate": refused, "another authority's": refused}, gateway


def called(
    address: str, authority: pki.Authority, peer: pki.Identity | None
) -> tuple[grpc.StatusCode, str]:
    """The status of a call to party 9999's gateway, with a peer's certificate."""
    credentials = grpc.ssl_channel_credentials(
        authority.certificate.encode(),
        peer and peer.key.get_secret_value().encode(),
        peer and peer.certificate.encode(),
    )
    options = [("grpc.ssl_target_name_override", "party-9999")]
    with grpc.secure_channel(address, credentials, options) as channel:
        call = channel.unary_unary("/lab/hello").future(b"{}", timeout=30)
        return call.code(), call.details()


def test_verify_names_a_certificate_of_another_authority(deployed: Deployment) -> None:
    here = deployed.here
    for service in ("edge", "serving-edge"):
        trusted = f"cat > /etc/fate/edge/10000.pem <<'END'\n{STRANGER.certificate}\nEND\n"
        here.sh(9999, service, f"{trusted} nginx -c {CONF} -s reload")
    why = "upstream SSL certificate verify error"
    done = deployed.stack.python(
        "fate_components.lines.fate1_3.toy_job",
        GUEST="9999", HOST="10000",
        GUEST_DOCKER=here.host.url, HOST_DOCKER=deployed.there.host.url,
    )  # fmt: skip
    assert done.returncode != 0
    assert "edge of party 9999 cannot reach party 10000" in done.stderr
    assert why in done.stderr
    done = deployed.check(9999, here)
    assert done.returncode != 0
    assert why in done.stderr
    for service in ("edge", "serving-edge"):
        here.container(9999, service).restart()
    here.wait_healthy()
    here.toy_succeeds(9999, 10000)


def test_renewal_replaces_nothing(deployed: Deployment) -> None:
    before = containers(deployed)
    main = deployed.stack.folder / "__main__.py"
    main.unlink()
    # What the stack would have issued before the last renewal: it is valid for as long again.
    main.write_text(_A_YEAR_AGO.format(main=ROOT / "__main__.py"))
    changed = deployed.stack.up()
    assert set(changed.operations("command:")) == {
        f"9999-{name}-certificate" for name in ("edge", "serving-edge")
    }
    assert changed.operations(CONTAINER) == {}
    assert containers(deployed) == before
    deployed.here.toy_succeeds(9999, 10000)
    main.unlink()
    main.symlink_to(ROOT / "__main__.py")
    deployed.stack.up()
    assert right(deployed.infer(deployed.here, "renewed"))


def test_an_exchange_has_an_edge_too(deployed: Deployment) -> None:
    before = containers(deployed)
    deployed.stack.change(lambda c: c.update({"fate:exchange": {"host": "there", "port": 9899}}))
    deployed.stack.up()
    after = containers(deployed)
    assert {name: after[name][0] for name in before} == {name: before[name][0] for name in before}
    restarted = {name for name in before if after[name] != before[name]}
    assert restarted == {f"fate-{deployed.stack.name}-{id}-proxy" for id in (9999, 10000)}
    deployed.here.toy_succeeds(9999, 10000)
    deployed.there.toy_succeeds(10000, 9999)
    exchange = f"fate-{deployed.stack.name}-exchange-edge"
    log = deployed.there.host.docker.containers.get(exchange).logs().decode()
    for name in ("party-9999", PARTNER):
        assert f"client certificate: SUCCESS CN={name}" in log
    deployed.stack.preview(expect_no_changes=True)


def test_switching_it_off_takes_one_up(deployed: Deployment) -> None:
    for key in ("fate:tls", "fate:exchange"):
        deployed.stack.change(lambda c, key=key: c.pop(key))  # type: ignore[misc]
    deployed.stack.change(lambda c: c["fate:parties"][1].pop("tls"))
    preview = deployed.stack.preview()
    assert "is replaced: " not in preview.output, "nothing was changed by hand"
    planned = preview.operations(CONTAINER)
    assert deployed.stack.up().operations(CONTAINER) == planned
    assert planned == {
        **{
            f"{id}-{name}": "replace" for id in (9999, 10000) for name in ("proxy", "serving-proxy")
        },
        **{f"{id}-{name}": "delete" for id in (9999, 10000) for name in ("edge", "serving-edge")},
        "exchange": "delete",
        "exchange-edge": "delete",
    }
    assert right(deployed.infer(deployed.here, "off"))
    deployed.here.toy_succeeds(9999, 10000)
    deployed.stack.preview(expect_no_changes=True)
