"""Images and limits that a stack file chooses for single services."""

import copy
import json
from typing import Any

from fate_components import lines
from fate_components.releases.facts import ServiceFacts
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD, GOOD_2
from tests.support.program import COMMAND, CONTAINER, IMAGE, labels, run
from tests.support.stack_files import as_engine


def services(config: dict[str, Any], party: int, kind: str = "training") -> dict[str, ServiceFacts]:
    settings, release = parse(as_engine(config), {"fate:masterSecret"}, "dev")
    clusters = lines.planner(settings, release).clusters(settings.parties[party])
    (found,) = [cluster for cluster in clusters if cluster.kind == kind]
    return found.facts.services


def with_services(good: dict[str, Any], **stack: object) -> dict[str, Any]:
    return {**copy.deepcopy(good), "fate:services": stack}


def test_a_partys_choice_goes_before_the_stacks_key_by_key() -> None:
    config = with_services(GOOD_2, fateflow={"image": "my/fateflow:1", "memory": "8g", "cpus": 4})
    config["fate:parties"][0]["training"]["services"] = {"fateflow": {"cpus": 0.5}}
    first, second = services(config, 0), services(config, 1)
    assert (first["fateflow"].cpus, second["fateflow"].cpus) == (0.5, 4)
    for found in (first["fateflow"], second["fateflow"]):
        assert (found.memory, found.image, found.package) == (8192, "my/fateflow:1", None)
    assert first["mysql"] == services(GOOD_2, 0)["mysql"]


def test_serving_clusters_have_services_of_their_own() -> None:
    config = with_services(GOOD, **{"serving-redis": {"memory": "1g"}, "redis": {"memory": "2g"}})
    chosen = {"services": {"serving-redis": {"cpus": 1}}}
    config["fate:parties"][0].update(training={}, serving=chosen)
    redis = services(config, 0, "serving")["serving-redis"]
    assert (redis.cpus, redis.memory) == (1, 1024)
    assert services(config, 0)["redis"].memory == 2048


def test_only_the_containers_of_that_service_are_registered_differently() -> None:
    own = {"image": "federatedai/egg:1.3.0-release", "cpus": 1.5, "memory": "2g"}
    registry = {"fate:registry": "registry.example.org"}
    before = run(registry).of(CONTAINER)
    after = run({**registry, "fate:services": {"egg": own}})
    changed = {name for name, inputs in after.of(CONTAINER).items() if inputs != before[name]}
    assert changed == {"fate-dev-9999-egg", "fate-dev-10000-egg"}
    for name in changed:
        inputs = after.of(CONTAINER)[name]
        assert (inputs["cpuPeriod"], inputs["cpuQuota"]) == (100_000, 150_000)
        assert inputs["memory"] == 2048
        assert json.loads(labels(inputs)["fate.limits"]) == {
            "CpuPeriod": 100_000, "CpuQuota": 150_000, "Memory": 2 << 30
        }  # fmt: skip
    # The stack's registry is not prepended, though the image is called like an official one.
    assert "federatedai/egg:1.3.0-release" in after.of(IMAGE)
    assert not [
        name
        for name in after.of(IMAGE)
        if name.startswith("registry.example.org/fed") and "egg" in name
    ]


def test_an_image_of_ones_own_is_pulled_where_others_are_built() -> None:
    config = with_services(GOOD_2, mysql={"image": "my/mysql:1"})
    registered = run(config)
    assert "my/mysql:1" in registered.of(IMAGE)
    (build, *_) = [r for r in registered.resources if r.typ == COMMAND and r.name == "a-images"]
    assert "mysql" not in build.inputs["environment"]["IMAGES"]
    assert "rabbitmq" in build.inputs["environment"]["IMAGES"]
