"""Serving clusters: a model trained by two parties answers inference requests across them."""

from collections.abc import Iterator

import pytest

from fate_components.lines.fate1_3.serving.return_codes import NO_MODEL
from tests.support.engine.docker_hosts import DockerHost
from tests.support.engine.serving import Deployment, right, serving, two_hosts
from tests.support.engine.stacks import party


@pytest.fixture(scope="module")
def deployed(
    docker_host: DockerHost,
    other_host: DockerHost,
    engine_env: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("serving")
    found = two_hosts(docker_host, other_host, engine_env, folder, 9500)
    found.stack.up()
    yield found
    found.stack.destroy()


def test_a_published_model_answers_across_docker_hosts(deployed: Deployment) -> None:
    for id in (9999, 10000):
        said = deployed.stack.outputs(f"verify-serving-{id}")["stdout"]
        assert said == f"serving of party {id}: every way works"
    assert deployed.infer(deployed.here, "a")["retcode"] == 1104
    done = deployed.publish()
    assert done.returncode == 0, done.stderr
    assert "trial request answered" in done.stdout
    assert right(deployed.infer(deployed.here, "b"))
    deployed.stack.preview(expect_no_changes=True)


def test_models_outlive_their_container(deployed: Deployment) -> None:
    deployed.stack.change(lambda c: c["fate:parties"][1]["serving"].update(adapter="TestFilePick"))
    replaced = deployed.stack.up().operations("docker:index/container:Container")
    assert replaced == {"10000-serving-server": "replace"}
    answer = deployed.infer(deployed.here, "c")
    # The model is there, and the adapter that was chosen is asked: it has no file.
    assert answer["data"]["retcode"] != 2104, answer
    assert not right(answer)
    deployed.stack.change(lambda c: c["fate:parties"][1]["serving"].pop("adapter"))
    deployed.stack.up()
    assert right(deployed.infer(deployed.here, "d"))


def test_a_model_answers_to_the_last_name_that_it_was_given(deployed: Deployment) -> None:
    done = deployed.publish("loan")
    assert done.returncode == 0, done.stderr
    assert "the model is published as credit" in " ".join(done.stderr.split())
    assert right(deployed.infer(deployed.here, "h")), "both answer until the next start"
    assert right(deployed.infer(deployed.here, "i", "loan"))
    deployed.here.container(9999, "serving-server").restart()
    deployed.here.wait_healthy()
    assert deployed.infer(deployed.here, "j")["retcode"] == NO_MODEL
    assert right(deployed.infer(deployed.here, "k", "loan"))
    assert deployed.publish().returncode == 0


def test_a_new_peer_reaches_the_running_proxies(deployed: Deployment) -> None:
    before = deployed.here.lives() | deployed.there.lives()
    peer = {"id": 10005, "address": "192.0.2.1", "serving": {"port": 18869}}
    deployed.stack.change(lambda c: c.update({"fate:peers": [peer], "fate:verify": False}))
    updated = deployed.stack.up().operations("command:")
    assert {name for name, what in updated.items() if what == "update"} == {
        f"{id}-{routes}" for id in (9999, 10000) for routes in ("proxy-routes", "serving-routes")
    }
    assert deployed.here.lives() | deployed.there.lives() == before
    table = "/data/projects/fate/serving-proxy/conf/route_table.json"
    assert "18869" in deployed.here.sh(9999, "serving-proxy", f"cat {table}")
    deployed.stack.change(lambda c: c.pop("fate:peers"))
    deployed.stack.up()


def test_a_broken_way_is_named(deployed: Deployment) -> None:
    stopped = deployed.there.container(10000, "serving-proxy")
    stopped.stop()
    try:
        done = deployed.check(10000, deployed.there)
        assert done.returncode != 0
        assert f"{stopped.name} (exited" in done.stderr, done.stderr
        answer = deployed.infer(deployed.here, "e")
        assert not right(answer), "the guest's share alone must not pass for the score"
    finally:
        stopped.start()
        deployed.there.wait_healthy()


def test_a_serving_cluster_on_another_docker_host_than_its_party(deployed: Deployment) -> None:
    deployed.stack.change(
        lambda c: c["fate:parties"][0].update(serving=serving(9520, host="there"))
    )
    deployed.stack.change(lambda c: c.update({"fate:verify": True}))
    deployed.stack.up()
    assert deployed.here.containers(party=9999, cluster="serving") == []
    assert len(deployed.there.containers(party=9999, cluster="serving")) == 3
    # Its models stayed on the other host: FATE Flow loads them across.
    assert deployed.infer(deployed.there, "f")["retcode"] == 1104
    done = deployed.publish()
    assert done.returncode == 0, done.stderr
    assert right(deployed.infer(deployed.there, "g"))
    deployed.stack.preview(expect_no_changes=True)


def test_a_training_cluster_joins_its_serving_cluster_on_that_one_s_host(
    deployed: Deployment,
) -> None:
    here, there = deployed.here, deployed.there
    before = there.lives()
    deployed.stack.change(
        lambda c: c["fate:parties"].__setitem__(
            0, {**party(9999, "there", 9530), "serving": c["fate:parties"][0]["serving"]}
        )
    )
    planned = deployed.stack.preview().operations()
    assert deployed.stack.up().operations() == planned
    assert planned["9999"] == "delete", "its network on the old host"
    assert here.containers(party=9999) == []
    after = there.lives()
    # serving-server now calls FATE Flow by its name; the other party's proxy keeps the old
    # address of party 9999 until it is restarted.
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {
        f"fate-{deployed.stack.name}-9999-serving-server",
        f"fate-{deployed.stack.name}-10000-proxy",
    }
    deployed.stack.preview(expect_no_changes=True)
