"""The catalogue's files."""

import re
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from fate_components.releases import catalogue


@pytest.mark.parametrize("name", catalogue.known())
def test_every_release_is_whole(name: str) -> None:
    facts = catalogue.load(name)
    first = [service.address for service in facts.services.values()]
    assert len(set(first)) == len(first), "two services would get one address"
    if "egg" in facts.services:
        egg = facts.services["egg"].address
        assert max(first) == egg, "eggs count up into another's address"
    if "spark-worker" in facts.services:
        worker, data_node = (facts.services[one].address for one in ("spark-worker", "data-node"))
        assert sorted(first)[-2:] == [worker, data_node], "workers count up into another's address"
        assert worker + 200 <= data_node, "workers count up into the address of data nodes"
    assert len(facts.published) == sum(
        len(service.published_ports) for service in facts.services.values()
    )


def test_the_images_of_1_3_0() -> None:
    images = {service.image for service in catalogue.load("1.3.0").services.values()}
    fate = ["egg", "fateboard", "meta-service", "python", "roll", "proxy", "federation"]
    assert images == {"mysql:8", "redis:5", "nginx:1.28"} | {
        f"federatedai/{name}:1.3.0-release" for name in fate
    }


def test_an_unknown_release() -> None:
    with pytest.raises(KeyError):
        catalogue.load("0.0.0")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"services": {}}, "exchange.service"),
        ({"services": {"proxy": {"image": "a", "address": 15, "ports": {}}}}, "proxy.ports"),
        ({"services": {"proxy": {"image": "a", "address": 1, "ports": {"a": 1}}}}, "proxy.address"),
        ({"serving": {"a": {"image": "a", "address": 9, "ports": {"a": 1},
                            "gateway": {"b": "grpc"}}}}, "gateway: b"),
        ({"outputs": {"a": "http://{nowhere}"}}, "outputs.a: no service publishes a port nowhere"),
        ({"outputs": {"a": "http://{"}}, "outputs.a"),
    ],
)  # fmt: skip
def test_a_broken_release_is_told_the_key(change: dict[str, Any], key: str) -> None:
    facts = yaml.safe_load((catalogue.RELEASES / "1.3.0.yaml").read_text())
    with pytest.raises(ValidationError, match=re.escape(key)):
        catalogue.read("1.3.0", {**facts, **change})


def test_an_empty_release() -> None:
    with pytest.raises(ValidationError):
        catalogue.read("1.3.0", None)
