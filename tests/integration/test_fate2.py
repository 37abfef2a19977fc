"""Two parties of FATE 2 from packages on one Docker host: real FATE, real jobs."""

import contextlib
import json
import random
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from docker.models.containers import Container
from pulumi import automation as auto

from fate_components.docker.client.containers import Containers
from fate_components.jobs.table import Work, of_party
from fate_components.lines.fate2 import flow_client, job_queues
from fate_components.lines.fate2.jobs import FATE_FLOW
from fate_components.party import edge_check
from fate_components.party.notebook import TRAINING_JOB
from tests.support.engine import kept_images, rabbitmq_load
from tests.support.engine.clusters import (
    Cluster,
    Shared,
    all_stop_cleanly,
    closed_and_bounded,
    no_password_readable,
    no_password_shown,
    settled,
    toy_job,
    whole,
)
from tests.support.engine.docker_hosts import Lan, wait_for
from tests.support.engine.kills import kill_engine, kill_plugins, killed
from tests.support.engine.stacks import ROOT, Change, Stack, party2

CONTAINER = "docker:index/container:Container"
CHANCE = random.Random(2)  # the moments of kills
SERVICES = {"mysql", "rabbitmq", "nginx", "fateflow", "client"}


@pytest.fixture(scope="module")
def deployment(
    lan: Lan, engine_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shared]:
    """Parties 9999 and 10000 on a Docker host of their own."""
    host = lan.host()
    kept_images.load(host)
    stack = Stack(
        tmp_path_factory.mktemp("fate2"),
        engine_env,
        {
            "fate:release": kept_images.RELEASE,
            "fate:images": "packages",
            "fate:hosts": {"lab": {"docker": host.url}},
            "fate:parties": [party2(9999, "lab", 9000), party2(10000, "lab", 9100)],
            "fate:verify": True,
        },
    )
    yield Shared(Cluster(host, stack), stack.up())
    kept_images.keep(host)
    stack.destroy()


def verified(cluster: Cluster, host: int) -> None:
    """Check that the last up ended with a toy job."""
    said = cluster.stack.outputs(f"verify-9999-{host}")["stdout"]
    assert f"toy job of party 9999 with party {host}: success on both parties" in said, said


def jobs(cluster: Cluster, party: int) -> set[str]:
    """The jobs that a party's FATE Flow lists, with their statuses."""
    found = json.loads(cluster.rest(party, f"/v2/job/query?party_id={party}"))
    return {f"{job['job_id']} {job['role']} {job['status']}" for job in found["data"]}


def test_the_first_up_ends_with_a_job_on_both_parties(deployment: Shared, cluster: Cluster) -> None:
    assert "images: " in deployment.first.output, "the build must show its progress"
    verified(cluster, 10000)
    for party in (9999, 10000):
        assert any(line.endswith(" success") for line in jobs(cluster, party))
    listed = json.loads(cluster.stack.fatectl("jobs", "9999", "--json").stdout)["jobs"]
    assert listed[0]["status"] == "success"
    shown = json.loads(cluster.stack.fatectl("jobs", "9999", listed[0]["name"], "--json").stdout)
    assert [(one["name"], one["status"]) for one in shown["tasks"]] == [
        ("toy_example_0", "success")
    ]


def _submit(cluster: Cluster, tasks: dict[str, Any], **more: Any) -> str:
    """Submit a job with the toy job's component, and parameters for the host alone."""
    parties = [{"party_id": ["9999"], "role": "guest"}, {"party_id": ["10000"], "role": "host"}]
    toy = {"component_ref": "toy_example", "parameters": {"data_num": 9, "partition": 1}}
    dag = {"parties": parties, "stage": "default", "tasks": {"toy_example_0": toy}, **more}
    dag["party_tasks"] = {"host_10000": {"parties": parties[1:], "tasks": tasks}}
    job = {"dag_schema": {"dag": dag, "schema_version": "2.0.0"}}
    guest = Containers(cluster.stack.name, "9999", cluster.host.url)
    answer = flow_client.request(guest, "POST", "/v2/job/submit", job)
    assert answer["code"] == 0, answer
    return str(answer["job_id"])


def _job(cluster: Cluster, id: str) -> Work:
    """What fatectl says of a job of party 9999."""
    (found,) = of_party(FATE_FLOW, Containers(cluster.stack.name, "9999", cluster.host.url), id)
    return found


def test_a_guest_that_only_followed_names_the_host_and_its_reason(cluster: Cluster) -> None:
    wrong = {"toy_example_0": {"parameters": {"data_num": -1}}}
    job = _submit(cluster, wrong)
    wait_for("the job to fail", lambda: _job(cluster, job).ended)
    said = cluster.stack.fatectl("jobs", "9999", job).stdout
    assert "toy_example_0 (guest) failed:\nended because party 10000's task failed:\n" in said, said
    assert re.search(r'  File "/data/projects/fate/fate/python/fate/\S+", line \d+, in ', said), (
        said
    )
    host = cluster.stack.fatectl("jobs", "10000", job).stdout
    assert "toy_example_0 (host) failed:\n" in host, host
    assert "ended because" not in host


def test_a_job_that_waits_for_cores_says_who_has_them(cluster: Cluster) -> None:
    guest = Containers(cluster.stack.name, "9999", cluster.host.url)
    total = flow_client.cores(guest)
    broker = cluster.container(10000, "rabbitmq")
    broker.pause()  # so that the first job cannot end
    submitted = []
    try:
        submitted.append(_submit(cluster, {}, conf={"cores": total}))
        wait_for("the first job to run", lambda: _job(cluster, submitted[0]).running)
        submitted.append(_submit(cluster, {}))
        note = f"waits for cores: {total} of {total} in use by {submitted[0]}"
        wait_for("the second job to wait", lambda: _job(cluster, submitted[1]).note == note)
    finally:
        broker.unpause()
        cluster.wait_healthy()
        for job in reversed(submitted):  # FATE may wait for ever for what the broker had lost
            flow_client.request(guest, "POST", "/v2/job/stop", {"job_id": job})
    wait_for("both to end", lambda: all(_job(cluster, job).ended for job in submitted))


def test_fatectl_finds_nothing_wrong(cluster: Cluster) -> None:
    report = json.loads(cluster.stack.fatectl("doctor", "--json").stdout)
    assert report["errors"] == []
    assert not [text for text in report["warnings"] if "RabbitMQ" in text]
    # To nginx, with HTTP and gRPC, and to RabbitMQ.
    assert len(report["ways"]) == 6
    assert all(way["seconds"] is not None for way in report["ways"])


def test_every_service_is_there_and_never_had_to_start_again(cluster: Cluster) -> None:
    whole(cluster, SERVICES)


def test_nothing_is_left_to_do_after_up(cluster: Cluster) -> None:
    settled(cluster)


def test_outputs_say_where_the_parties_are(cluster: Cluster) -> None:
    outputs = cluster.stack.auto.outputs()
    assert outputs["parties"].value["10000"] == {
        "fateflow": "http://127.0.0.1:9102",
        "notebook": "http://127.0.0.1:9106",
        "rabbitmq": "http://127.0.0.1:9105",
    }
    assert outputs["passwords"].secret
    assert "Party 10000" in outputs["topology"].value


def test_no_password_is_shown_anywhere(cluster: Cluster) -> None:
    passwords = {cluster.stack.master_secret}
    for party in (9999, 10000):
        for service, name in (
            ("mysql", "mysql-password"),
            ("mysql", "mysql-root-password"),
            ("rabbitmq", "rabbitmq-password"),
        ):
            passwords.add(cluster.sh(party, service, f"cat /run/secrets/{name}").strip())
        jupyter = json.loads(cluster.sh(party, "client", "cat /run/secrets/jupyter.json"))
        passwords.add(jupyter["NotebookApp"]["token"])
    assert len(passwords) == 9
    no_password_shown(cluster, passwords)
    no_password_readable(cluster, passwords)


def test_only_gateways_are_open_to_other_machines(cluster: Cluster) -> None:
    closed_and_bounded(cluster, {"9300/tcp", "9310/tcp", "5672/tcp"})


def test_usual_passwords_open_nothing(cluster: Cluster) -> None:
    for account in ("fate:fate", "guest:guest"):
        assert _get(cluster, "fateflow", "http://rabbitmq:15672/api/overview", account) == "401"
    code, said = cluster.run(9999, "mysql", "mysql -h 127.0.0.1 -u root -e 'SELECT 1'")
    assert code != 0
    assert "Access denied" in said
    assert _get(cluster, "client", "http://127.0.0.1:20000/api/contents", ":") == "403"


def _get(cluster: Cluster, service: str, url: str, account: str) -> str:
    """The status code of a GET request from one of party 9999's containers."""
    auth = tuple(account.split(":"))
    script = f"import requests; print(requests.get({url!r}, auth={auth!r}).status_code)"
    return cluster.python(9999, service, script).strip()


def cells(cluster: Cluster, party: int) -> list[str]:
    """The code in a party's notebook."""
    notebook = json.loads(cluster.sh(party, "client", f"cat {TRAINING_JOB}"))
    return ["".join(one["source"]) for one in notebook["cells"] if one["cell_type"] == "code"]


def test_the_notebooks_training_job_gives_an_auc(cluster: Cluster) -> None:
    who, upload, *_ = cells(cluster, 10000)
    said = cluster.python(10000, "client", f"{who}\n{upload}")
    assert "Party 10000 is the host of the job: guest 9999, host 10000" in said
    said = cluster.python(9999, "client", "\n".join(cells(cluster, 9999)))
    assert "Party 9999 is the guest of the job: guest 9999, host 10000" in said
    found = re.search(r'"metric": "auc",\s*"val": ([0-9.]+)', said)
    assert found, said
    assert 0.85 < float(found[1]) <= 1, said


def test_all_patches_fit_fate(cluster: Cluster) -> None:
    for party in (9999, 10000):
        said = [
            line
            for line in logs(cluster.container(party, "fateflow")).splitlines()
            if line.startswith("patch ")
        ]
        assert len(said) == 4, said
        assert all(" is now in /data/projects/fate/" in line for line in said), said
    script = """
import inspect
from fate_flow import settings
from ofx.api.models.fate_flow.resource import APIClient
for call in (APIClient.remote_on_http, APIClient.remote_on_grpc_proxy):
    print(inspect.signature(call).parameters["timeout"].default, settings.HTTP_REQUEST_TIMEOUT)
"""
    assert cluster.python(9999, "fateflow", script).split() == ["60"] * 4


def test_threads_exchange_messages_with_fates_classes(cluster: Cluster) -> None:
    with ThreadPoolExecutor(2) as threads:
        ran = threads.map(
            lambda party: cluster.run_python(party, "fateflow", rabbitmq_load.EXCHANGE),
            (9999, 10000),
        )
        for code, said in ran:
            assert code == 0, said
            assert said.count("exchanged seed-") == rabbitmq_load.EXCHANGES
    for party in (9999, 10000):
        cluster.python(party, "fateflow", rabbitmq_load.remove(rabbitmq_load.EXCHANGING))


def test_no_link_is_lost_while_other_jobs_are_cleaned_up(cluster: Cluster) -> None:
    said = cluster.python(9999, "fateflow", rabbitmq_load.CLEAN_UP)
    assert said.endswith(" links; without a policy: none, missing: none\n"), said


def test_doctor_finds_what_waits_in_rabbitmq(cluster: Cluster) -> None:
    party = Containers(cluster.stack.name, "9999", cluster.host.url)
    now = datetime.now(UTC) + timedelta(minutes=10)
    tasks = {rabbitmq_load.WAITING: job_queues.Task("1", "waiting_0", datetime.now(UTC))}
    found: tuple[list[str], list[str]] = ([], [])

    def all_there() -> bool:
        nonlocal found
        broker = job_queues.ask(party, 15672)
        found = job_queues.findings(broker, broker, tasks, party, now)
        return len(found[0]) == 2 and len(found[1]) == 1

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(cluster.run_python, 9999, "fateflow", rabbitmq_load.WAIT)
        try:
            wait_for("the task to wait", lambda: waiting.done() or all_there())
            assert not waiting.done(), waiting.result()
            (no_policy, broken), (unfetched,) = found
            assert "what party 10000 sends to it for task waiting_0 of job 1: queue " in no_policy
            assert "-whole in virtual host" in broken
            assert "is error ({auth_failure," in broken
            assert "-kept in virtual host" in unfetched
            (remedy,) = re.findall("`docker exec [^ ]+ (.+?)`", no_policy)
            cluster.sh(9999, "rabbitmq", remedy)
            assert job_queues.unlinked(job_queues.ask(party, 15672), tasks) == []
        finally:
            cluster.python(9999, "fateflow", rabbitmq_load.remove(rabbitmq_load.WAITING))
    left = [one["vhost"] for one in job_queues.ask(party, 15672).queues]
    assert not [vhost for vhost in left if rabbitmq_load.WAITING in vhost]


def test_one_value_replaces_one_container(cluster: Cluster) -> None:
    before = cluster.lives()
    cluster.stack.change(lambda c: c["fate:parties"][1]["training"].update(cores=3))
    wanted = {
        "10000-fateflow": "replace",
        "10000-fateflow-routes": "update",
        "10000-health": "update",
        "verify-9999-10000": "replace",
    }
    assert cluster.stack.preview().operations() == wanted
    readme = (ROOT / "README.md").read_text()
    assert "pulumi config set --path 'fate:parties[1].training.cores' 3" in readme
    assert all(f"`{name}`" in readme for name in wanted)
    assert cluster.stack.up().operations() == wanted
    verified(cluster, 10000)
    after = cluster.lives()
    replaced = cluster.container(10000, "fateflow").name
    assert {name for name in before if before[name] != after[name]} == {replaced}


def test_a_new_peer_disturbs_nobody(cluster: Cluster, changed: Callable[[Change], None]) -> None:
    before = cluster.lives()
    changed(lambda c: c.update({"fate:peers": [{"id": 10001, "address": "192.0.2.1"}]}))
    assert cluster.stack.up().operations() == {
        f"{party}-{what}": "update"
        for party in (9999, 10000)
        for what in ("nginx-routes", "fateflow-routes", "client-parties")
    }
    known = json.loads(cluster.sh(9999, "client", "cat /data/projects/fate/parties.json"))
    assert known == {"party": 9999, "others": [10000, 10001]}
    assert cluster.lives() == before


def test_a_stopped_hop_is_named(cluster: Cluster) -> None:
    stopped = cluster.container(10000, "rabbitmq")
    stopped.stop()
    try:
        done = cluster.stack.fatectl("toy", "9999", "10000")
    finally:
        stopped.start()
        cluster.wait_healthy()
    assert done.returncode != 0
    assert f"{stopped.name} is exited" in done.stderr, done.stderr


def test_a_job_that_fails_fails_the_up(cluster: Cluster) -> None:
    nginx = cluster.container(10000, "nginx")
    nginx.stop()
    (urn,) = [
        resource["urn"]
        for resource in cluster.stack.resources()
        if resource["urn"].endswith("::verify-9999-10000")
    ]
    with pytest.raises(auto.CommandError) as caught:
        cluster.stack.up(replace=[urn], target=[urn])
    said = str(caught.value)
    assert "the connection is broken" in said, said
    assert f"{nginx.name} is exited" in said
    cluster.stack.up()
    cluster.wait_healthy()


def test_passwords_can_be_changed_by_ups_of_which_the_first_is_killed(cluster: Cluster) -> None:
    before, lives = jobs(cluster, 9999), cluster.lives()
    cluster.stack.set_master_secret("another-secret-altogether")
    readers = ("mysql", "rabbitmq", "fateflow", "client")
    planned = cluster.stack.preview().operations(CONTAINER)
    assert planned == {f"{p}-{s}": "replace" for p in (9999, 10000) for s in readers}
    killed(cluster, "up", CHANCE.randrange(15, 45), kill_engine)
    cluster.stack.up()
    assert jobs(cluster, 9999) >= before
    verified(cluster, 10000)
    after = cluster.lives()
    assert {name for name in lives if lives[name] != after[name]} == {
        f"fate-{cluster.stack.name}-{name}" for name in planned
    }


def test_a_reboot_of_the_docker_host_needs_nobody(cluster: Cluster) -> None:
    cluster.host.restart_dockerd()
    cluster.wait_healthy()
    done = toy_job(cluster, "fate2", peer=True)
    assert done.returncode == 0, done.stderr
    assert "success" in done.stdout
    cluster.stack.preview(expect_no_changes=True)


def with_spark(config: dict[str, Any]) -> None:
    """Change a stack file: party 9999 has Spark and HDFS, and the other one goes on as it is."""
    party = config["fate:parties"][0]
    spark = {"cores": 1, **dict.fromkeys(("memory", "executorMemory", "driverMemory"), "512m")}
    party["engines"] = {"computing": "spark", "storage": "hdfs"}
    party["training"] |= {"cores": 2, "workers": 2, "spark": spark}
    party["training"]["publish"] |= {"spark-ui": party["id"], "hdfs-ui": party["id"] - 1}


def without_spark(config: dict[str, Any]) -> None:
    """Change the stack file back."""
    party = config["fate:parties"][0]
    party.pop("engines", None)
    for key in ("cores", "workers", "spark", "hdfs"):
        party["training"].pop(key, None)
    for key in ("spark-ui", "hdfs-ui"):
        party["training"]["publish"].pop(key, None)


def test_a_spark_cluster_with_hdfs_computes_too(cluster: Cluster) -> None:
    cluster.stack.change(with_spark)
    outcome = cluster.stack.up()
    assert outcome.operations(CONTAINER) == {"9999-fateflow": "replace"} | {
        f"9999-{name}": "create"
        for name in ("spark-master", "spark-worker", "spark-worker-2", "name-node", "data-node")
    }
    # Parties with different computing engines work together.
    verified(cluster, 10000)
    page = "import requests; print(requests.get('http://spark-master:8888/json/').text)"
    seen = json.loads(cluster.python(9999, "fateflow", page))
    assert seen["aliveworkers"] == 2
    # What the stack file says has reached Spark.
    assert {worker["memory"] for worker in seen["workers"]} == {512}
    assert {(job["cores"], job["memoryperexecutor"]) for job in seen["completedapps"]} == {(2, 512)}
    master = cluster.container(9999, "spark-master")
    bound = [one for bindings in master.ports.values() for one in bindings or ()]
    assert bound == [{"HostIp": "127.0.0.1", "HostPort": "9999"}]
    who, upload, *_ = cells(cluster, 9999)
    cluster.python(9999, "client", f"{who}\n{upload}")
    size = cluster.sh(9999, "name-node", "hdfs --config /etc/hdfs dfs -du -s /fate 2> /dev/null")
    assert int(size.split()[0]) > 0, "the table is in HDFS"
    # More of them replace nothing, and nothing else is left to do.
    more = {"workers": 3, "hdfs": {"dataNodes": 2}}
    cluster.stack.change(lambda c: c["fate:parties"][0]["training"].update(more))
    assert cluster.stack.preview().operations(CONTAINER) == {
        "9999-spark-worker-3": "create",
        "9999-data-node-2": "create",
    }


def test_destroy_keeps_the_data_and_the_next_up_takes_it_up(cluster: Cluster) -> None:
    client = cluster.host.docker
    before = jobs(cluster, 10000)
    assert before
    mine = {"label": f"fate.stack={cluster.stack.name}"}
    volumes = {volume.name for volume in client.volumes.list(filters=mine)}
    with all_stop_cleanly(cluster, killed=["rabbitmq"]):
        killed(cluster, "destroy", CHANCE.randrange(5, 30), kill_plugins)
        cluster.stack.destroy()
    assert cluster.containers() == []
    assert client.networks.list(filters=mine) == []
    assert {volume.name for volume in client.volumes.list(filters=mine)} == volumes

    # With TLS from now on, which the next test looks at.
    cluster.stack.change(without_spark)
    cluster.stack.change(lambda c: c.update({"fate:tls": {"enabled": True}}))
    killed(cluster, "up", CHANCE.randrange(20, 120), kill_engine)
    cluster.stack.up()
    assert jobs(cluster, 10000) >= before
    cluster.stack.preview(expect_no_changes=True)


def logs(container: Container) -> str:
    return container.logs().decode()


def test_jobs_cross_tls_and_strangers_are_refused(cluster: Cluster) -> None:
    verified(cluster, 10000)
    for party, other in ((9999, 10000), (10000, 9999)):
        edge = cluster.container(party, "edge")
        ways = set(
            re.findall(rf":(\d+) 200 client certificate: SUCCESS CN=party-{other}", logs(edge))
        )
        assert ways >= {"9300", "5672"}, "other FATE Flows and brokers must come this way"
        bound = {port for port, bindings in edge.ports.items() if bindings}
        assert bound == {"9300/tcp", "9310/tcp", "5672/tcp"}
    address = cluster.host.address
    refusal = f"curl -sk https://{address}:9100/v2/site/info/query"
    said = subprocess.run(refusal.split(), capture_output=True, text=True, check=False).stdout
    assert said == "party 10000 requires a certificate from an authority that it knows\n"
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((address, 9104), timeout=60) as plain,
        contextlib.suppress(ssl.SSLError),
        context.wrap_socket(plain) as broker,
    ):
        broker.sendall(edge_check.AMQP)
        assert broker.recv(1) == b"", "the broker must not answer a stranger"
