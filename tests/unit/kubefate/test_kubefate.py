"""fatectl import: what KubeFATE's files become, what is refused, and that no option is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from fate_components.cli import stack as stacks
from fate_components.cli.__main__ import app
from fate_components.kubefate import shell
from fate_components.kubefate.report import Outcome
from fate_components.kubefate.translate import translate
from fate_components.plan import slots
from fate_components.settings import DockerHost
from tests.support import on_paper
from tests.support.kubefate_files import FILES, changed
from tests.support.program import CONTAINER, run
from tests.support.random_files import StackFile
from tests.support.stack_files import as_engine

MASTER = "fate:masterSecret"
ENGINES = ("--release", "2.2.0", "--engines", "standalone")
# How the examples in KubeFATE's repository are imported: its version, the values that differ from
# its parties.conf and .env, and the options of the command.
EXAMPLES: dict[str, tuple[str, dict[str, str], tuple[str, ...]]] = {
    "1.3 first": ("1.3", {"partylist": "(10000)", "partyiplist": "(192.168.1.1)",
                          "servingiplist": "(192.168.1.1)"}, ()),
    "1.3": ("1.3", {}, ()),
    "1.3 apart": ("1.3", {"partyiplist": "(192.168.7.1 192.168.7.2)", "exchangeip": "192.168.7.1",
                          "servingiplist": "(192.168.7.3 192.168.7.4)   # theirs"}, ()),
    "1.3 registry": ("1.3", {"RegistryURI": "r.example.org/federatedai"}, ()),
    "1.11 as 1.11": ("1.11", {}, ()),
    "1.11": ("1.11", {}, ENGINES),
    "1.11 as 1.3": ("1.11", {}, ("--release", "1.3.0")),
    "1.11 as 2.0": ("1.11", {}, ("--release", "2.0.0", "--engines", "spark_local")),
    "1.11 on one machine": ("1.11", {"user": "root", "party_list": "(10000)",
                                     "party_ip_list": "(192.168.9.1)",
                                     "serving_ip_list": "(192.168.9.1)"}, ENGINES),
    "1.11 Spark": ("1.11", {"computing": "Spark", "federation": "RabbitMQ", "storage": "HDFS"},
                   ENGINES),
    "1.11 Pulsar": ("1.11", {"computing": "Spark", "federation": "Pulsar", "storage": "HDFS"},
                    ENGINES),
    "1.11 local": ("1.11", {"computing": "Spark_local", "federation": "RabbitMQ",
                            "storage": "LocalFS"}, ("--release", "2.2.0")),
    "2.0": ("2.0", {}, ("--engines", "standalone")),
    "2.0 as it is": ("2.0", {"exchangeip": "192.168.7.9"}, ()),
    "1.11 as 2.2": ("1.11", {}, ("--release", "2.2.0")),
    "2.0 Pulsar": ("2.0", {"computing": "Spark_local", "federation": "Pulsar",
                           "storage": "LocalFS"}, ()),
    "2.0 Spark": ("2.0", {"computing": "Spark", "federation": "Pulsar", "storage": "HDFS"},
                  ("--engines", "spark")),
    "2.0 newer": ("2.0", {"algorithm": "Basic", "device": "IPCL", "compute_core": "4"}, ENGINES),
    "2.0 GPU": ("2.0", {"algorithm": "NN", "device": "GPU", "gpu_count": "1"}, ENGINES),
    "2.0 registry": ("2.0", {"RegistryURI": "r.example.org"}, ENGINES),
    "2.0 own image": ("2.0", {"FATEFlow_IMAGE": "my/fateflow"}, ENGINES),
    "2.0 local Pulsar": ("2.0", {"computing": "Spark_local", "federation": "Pulsar",
                                 "storage": "LocalFS"}, ("--engines", "spark_local")),
    "2.0 standalone": ("2.0", {"computing": "STANDALONE", "federation": "RabbitMQ",
                               "storage": "STANDALONE"}, ()),
}  # fmt: skip


class Folder:
    """A folder with KubeFATE's files, beside the project's folder that import writes to."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files, self.project = path / "docker-deploy", path / "project"
        self.files.mkdir()
        self.project.mkdir()
        monkeypatch.setattr(stacks, "PROJECT", self.project)

    def write(self, version: str, **values: str) -> None:
        for name, text in zip(("parties.conf", ".env"), FILES[version], strict=True):
            own = {one: values.pop(one) for one in list(values) if f"\n{one}=" in f"\n{text}"}
            (self.files / name).write_text(changed(text, **own))
        if values:
            parties = self.files / "parties.conf"
            parties.write_text(changed(parties.read_text(), **values))

    def fatectl(self, *options: str, stack: str = "dev") -> tuple[int, str]:
        arguments = ["import", str(self.files / "parties.conf"), "--stack", stack, *options]
        done = CliRunner().invoke(app, arguments)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    def config(self, stack: str = "dev") -> dict[str, Any]:
        text = (self.project / f"Pulumi.{stack}.yaml").read_text()
        return dict(yaml.safe_load(text)["config"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    return Folder(tmp_path, monkeypatch)


def imported(folder: Folder, version: str, *options: str, **values: str) -> dict[str, Any]:
    folder.write(version, **values)
    code, said = folder.fatectl(*options)
    assert code == 0, said
    return folder.config()


def refused(folder: Folder, version: str, *options: str, **values: str) -> str:
    """What is said if nothing is written."""
    folder.write(version, **values)
    code, said = folder.fatectl(*options)
    assert code == 1, said
    assert "nothing was written" in said
    assert not list(folder.project.iterdir())
    return said


def variables(version: str, **values: str) -> dict[str, shell.Variable]:
    parties, env = FILES[version]
    return shell.parse(env, ".env") | shell.parse(changed(parties, **values), "parties.conf")


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_becomes_a_stack_that_works(folder: Folder, example: str) -> None:
    version, values, options = EXAMPLES[example]
    config = as_engine({**imported(folder, version, *options, **values), MASTER: "s" * 32})
    with on_paper.without_engine():
        on_paper.check(on_paper.deployment(StackFile(config, frozenset([MASTER]), "dev")))


@pytest.mark.parametrize(
    ("version", "options"),
    [("1.11", ("--release", "1.3.0", "--party", "9999")), ("2.0", (*ENGINES, "--party", "9999"))],
)
def test_an_external_mysql_is_taken_over(
    folder: Folder, version: str, options: tuple[str, ...]
) -> None:
    config = imported(folder, version, *options, mysql_ip="10.0.0.9", mysql_user="flow")
    (party,) = config["fate:parties"]
    wanted = {"address": "10.0.0.9", "user": "flow", "database": "fate_flow"}
    assert party["training"]["mysql"] == wanted
    text = (folder.project / "Pulumi.dev.yaml").read_text()
    assert "--path 'fate:parties[0].training.mysql.password'" in text
    assert "hunter2" not in text


@pytest.mark.parametrize("example", ["1.3 first", "1.11", "2.0"])
def test_every_first_example_registers_its_containers(folder: Folder, example: str) -> None:
    version, values, options = EXAMPLES[example]
    config = imported(folder, version, *options, **values)
    registered = run({"fate:peers": [], **config}).of(CONTAINER)
    for party in config["fate:parties"]:
        assert [name for name in registered if name.startswith(f"fate-dev-{party['id']}-")]


def test_the_first_example(folder: Folder) -> None:
    version, values, options = EXAMPLES["1.3 first"]
    assert imported(folder, version, *options, **values) == {
        "fate:release": "1.3.0",
        "fate:hosts": {"host1": {"docker": "ssh://root@192.168.1.1:22"}},
        "fate:parties": [{"id": 10000, "host": "host1", "training": {}, "serving": {}}],
    }


def test_serving_clusters_and_an_exchange_elsewhere(folder: Folder) -> None:
    config = imported(
        folder, "1.3", partyiplist="(10.0.0.1 10.0.0.2)", servingiplist='("" 10.0.0.4)',
        exchangeip="10.0.0.3", SSH_PORT="2222",
    )  # fmt: skip
    assert config == {
        "fate:release": "1.3.0",
        "fate:hosts": {
            "host1": {"docker": "ssh://root@10.0.0.1:2222"},
            "host2": {"docker": "ssh://root@10.0.0.2:2222"},
            "host3": {"docker": "ssh://root@10.0.0.4:2222"},
            "host4": {"docker": "ssh://root@10.0.0.3:2222"},
        },
        "fate:parties": [
            {"id": 10000, "host": "host1"},
            {"id": 9999, "host": "host2", "training": {}, "serving": {"host": "host3"}},
        ],
        "fate:exchange": {"host": "host4"},
    }


def test_fate_2(folder: Folder) -> None:
    config = imported(folder, "2.0", *ENGINES, compute_core="4", RegistryURI="r.example.org/")
    assert config == {
        "fate:release": "2.2.0",
        "fate:hosts": {
            "host1": {"docker": "ssh://fate@192.168.1.1:22"},
            "host2": {"docker": "ssh://fate@192.168.1.2:22"},
        },
        "fate:parties": [
            {"id": 10000, "host": "host1", "training": {"cores": 4}},
            {"id": 9999, "host": "host2", "training": {"cores": 4}},
        ],
        "fate:engines": {"computing": "standalone", "federation": "rabbitmq"},
        "fate:registry": "r.example.org",
    }


def test_an_image_of_another_name_is_taken_over(folder: Folder) -> None:
    own = {"FATEFlow_IMAGE": "my/fateflow", "FATEFlow_IMAGE_TAG": "7"}
    config = imported(folder, "2.0", *ENGINES, RegistryURI="r.example.org", **own)
    assert config["fate:services"] == {"fateflow": {"image": "r.example.org/my/fateflow:7"}}


def test_images_of_a_stack_with_hdfs_are_taken_over(folder: Folder) -> None:
    engines = {"computing": "Spark", "federation": "RabbitMQ", "storage": "HDFS"}
    own = {"Hadoop_DataNode_IMAGE": "my/data-node", "Spark_Worker_IMAGE": "my/worker"}
    config = imported(folder, "2.0", **engines, **own)
    assert config["fate:engines"]["storage"] == "hdfs"
    assert config["fate:services"].keys() == {"data-node"}
    assert config["fate:services"]["data-node"]["image"].startswith("my/data-node")


@pytest.mark.parametrize("computing", ["Spark", "Spark_local"])
def test_fate_flow_keeps_its_image_with_spark(folder: Folder, computing: str) -> None:
    engines = {"computing": computing, "federation": "RabbitMQ", "storage": "LocalFS"}
    assert "fate:services" not in imported(folder, "2.0", **engines)


def test_kubefate_adds_spark_to_the_name_of_an_image(folder: Folder) -> None:
    engines = {"computing": "Spark", "federation": "RabbitMQ", "storage": "HDFS"}
    own = {"FATEFlow_IMAGE": "my/fateflow", "FATEFlow_IMAGE_TAG": "7"}
    config = imported(folder, "2.0", **engines, **own)
    assert config["fate:services"] == {"fateflow": {"image": "my/fateflow-spark:7"}}


def test_parties_on_one_machine_get_ports_of_their_own(folder: Folder) -> None:
    at = "(192.168.1.1 192.168.1.1)"
    config = imported(folder, "1.3", partyiplist=at, servingiplist=at, exchangeip="192.168.1.1")
    _, second = config["fate:parties"]
    # 9371 is the exchange's.
    assert second["training"]["publish"] == {
        "proxy": 9372,
        "fateflow-grpc": 9361,
        "fateflow-http": 9381,
        "fateboard": 8081,
    }
    assert second["serving"]["publish"] == {
        "serving-server": 8001,
        "serving-http": 8060,
        "serving-grpc": 8870,
    }
    assert "training" not in config["fate:parties"][0]["training"]


def test_the_parties_of_others_become_peers(folder: Folder) -> None:
    config = imported(
        folder, "1.3", "--party", "9999", exchangeip="10.0.0.3", servingiplist="(10.0.0.4 10.0.0.5)"
    )
    assert [party["id"] for party in config["fate:parties"]] == [9999]
    assert config["fate:peers"] == [
        {"id": 10000, "address": "192.168.1.1", "serving": {"address": "10.0.0.4"}}
    ]
    assert config["fate:exchange"] == {"address": "10.0.0.3", "port": 9371}
    text = (folder.project / "Pulumi.dev.yaml").read_text()
    assert "docker_deploy.sh --delete all" not in text


def test_an_exchange_can_be_named_like_a_party(folder: Folder) -> None:
    config = imported(
        folder, "1.3", "--party", "9999", "--party", "exchange", exchangeip="10.0.0.3"
    )
    assert config["fate:exchange"] == {"host": "host2"}


@pytest.mark.parametrize(
    ("version", "release", "engine"),
    [("1.3", None, None), ("1.11", "1.3.0", None), ("1.11", "2.2.0", "standalone"),
     ("1.3", "2.2.0", None), ("2.0", None, "spark_local"), ("2.0", "1.3.0", None)],
)  # fmt: skip
def test_every_option_is_told_once(version: str, release: str | None, engine: str | None) -> None:
    files = variables(version)
    _, report = translate(files, release, engine)
    assert not report.refused, report.lines
    told = [line.option for line in report.lines if not line.option.startswith("(")]
    assert sorted(told) == sorted(files)


@pytest.mark.parametrize("version", ["1.11", "2.0"])
def test_no_password_is_shown_or_written(folder: Folder, version: str) -> None:
    folder.write(version)
    _, said = folder.fatectl(*ENGINES)
    assert "mysql_password" in said
    assert "hunter2" not in said + (folder.project / "Pulumi.dev.yaml").read_text()


def test_options_of_others_are_told() -> None:
    _, report = translate(variables("2.0", colour="blue"), computing="standalone")
    assert any(
        str(line) == "colour = blue: is not an option of KubeFATE" and line.outcome is Outcome.LEFT
        for line in report.lines
    )


@pytest.mark.parametrize(
    ("version", "options", "values", "says"),
    [
        ("1.3", (), {"partylist": "(9999 9999)"},
         "parties.conf:5: partylist = (9999 9999): 9999 is there twice"),
        ("1.3", (), {"partylist": "()"}, "has no party"),
        ("1.3", (), {"partylist": "(a 09999)"}, '"09999" is not a party id'),
        ("1.3", (), {"partylist": "(1 2 3)"}, "has 2 addresses for 3 parties"),
        ("1.3", (), {"servingiplist": "(10.0.0.1)"}, "servingiplist = (10.0.0.1): has 1 addresses"),
        ("1.3", (), {"partyiplist": "(10.0.0.1 10.0.0.256)"},
         '"10.0.0.256" is not a host name or IPv4 address'),
        ("1.3", (), {"partyiplist": "(10.0.0.1 10.0.0.2:30010)"}, "leave out the port"),
        ("1.3", (), {"partyiplist": "(10.0.0.1 127.0.0.1)"}, "write the address that others use"),
        ("1.3", (), {"exchangeip": "10.0.0.4:30000"}, "exchangeip = 10.0.0.4:30000"),
        ("1.3", (), {"user": ""}, "add the user for SSH"),
        ("1.3", (), {"user": "'a b'"}, "is not a user name"),
        ("1.3", (), {"SSH_PORT": "ssh"}, "is not a port"),
        ("1.3", (), {"SSH_PORT": "70000"}, "is not a port"),
        ("1.3", (), {"TAG": "1.6.1-release"}, "or choose another one: 1.3.0"),
        ("1.3", (), {"TAG": "2.0.0-release"}, "is of another version of KubeFATE than TAG"),
        ("1.3", (), {"redis_ip": "redis"}, "is an option of KubeFATE v1.4 to v1.8"),
        ("1.3", (), {"party_list": "(1 2)"}, "is the same list as partylist"),
        ("1.3", (), {"RegistryURI": "https://r.example.org"}, "RegistryURI"),
        ("1.3", (), {"RegistryURI": "'a\nb'"}, "write it like registry.example.org:5000"),
        ("1.3", (), {"mysql_ip": "10.0.0.9"}, "write mysql_ip=mysql"),
        ("1.3", ("--party", "9999"), {"mysql_ip": "localhost"},
         "is not reachable from a container"),
        ("1.3", ("--party", "9999"), {"mysql_ip": "10.0.0.9", "mysql_user": "'it s'"},
         "is not an account"),
        ("1.3", ("--release", "9.9"), {}, "--release = 9.9: is not a known release"),
        ("1.3", ("--engines", "standalone"), {}, "FATE 1.3.0 has Eggroll only"),
        ("1.3", ("--party", "1"), {}, "choose from 10000, 9999"),
        ("1.3", ("--party", "exchange"), {}, "names no party"),
        ("1.3", ("--party", "9999"), {"partyiplist": "(10.0.0.1 10.0.0.1)"}, "have one address"),
        ("1.11", ("--release", "1.3.0"), {"computing": "Spark"}, "write computing=Eggroll"),
        ("1.11", ("--release", "2.2.0"), {"computing": "Abacus"},
         "computing = Abacus: is not supported"),
        ("2.0", (), {"federation": "RabbitMQ"}, "federation = RabbitMQ: is not supported"),
        ("2.0", (), {"computing": "Spark_local", "federation": "RabbitMQ", "storage": "HDFS"},
         "storage = HDFS: is not supported"),
        ("2.0", ("--engines", "osx"), {}, "choose --engines standalone or --engines spark_local"),
        ("2.0", ENGINES, {"compute_core": "many"}, "is not a number of cores"),
        ("2.0", ENGINES, {"mysql_ip": "10.0.0.9"}, "is an external MySQL"),
    ],
)  # fmt: skip
def test_what_would_be_wrong_is_refused(
    folder: Folder, version: str, options: tuple[str, ...], values: dict[str, str], says: str
) -> None:
    assert says in refused(folder, version, *options, **values)


def test_all_refusals_are_told_at_once(folder: Folder) -> None:
    said = refused(
        folder, "2.0", party_list="(1 1)", user="", compute_core="many", computing="Abacus"
    )
    assert "is there twice" in said
    assert "add the user" in said
    assert "is not a number of cores" in said
    assert "computing = Abacus: is not supported" in said


def test_without_env_the_options_tell_the_release(folder: Folder) -> None:
    folder.write("1.3")
    (folder.files / ".env").unlink()
    code, said = folder.fatectl()
    assert code == 0, said
    assert "without .env" in said
    assert folder.config()["fate:release"] == "1.3.0"


def test_without_env_files_of_two_versions_look_alike(folder: Folder) -> None:
    folder.write("2.0", computing="Spark_local", federation="RabbitMQ", storage="LocalFS")
    (folder.files / ".env").unlink()
    code, said = folder.fatectl()
    assert code == 1
    assert ".env: is needed" in said


def test_the_env_of_1_3_is_above_the_scripts(folder: Folder) -> None:
    folder.write("1.3", RegistryURI="r.example.org/federatedai")
    (folder.files / ".env").rename(folder.files.parent / ".env")
    folder.fatectl()
    assert folder.config()["fate:registry"] == "r.example.org"


def test_an_env_can_be_named(folder: Folder, tmp_path: Path) -> None:
    folder.write("1.3")
    other = tmp_path / "other.env"
    other.write_text("SSH_PORT=2222\n")
    code, said = folder.fatectl(str(other))
    assert code == 0, said
    assert folder.config()["fate:hosts"]["host1"]["docker"].endswith(":2222")


def test_an_existing_stack_file_is_kept(folder: Folder) -> None:
    folder.write("1.3")
    file = folder.project / "Pulumi.dev.yaml"
    file.write_text("config: {}\n")
    code, said = folder.fatectl()
    assert code == 1
    assert "choose another name with --stack" in said
    assert file.read_text() == "config: {}\n"


def test_the_selected_stack_is_the_default(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def selected(name: str | None) -> Iterator[tuple[None, str]]:
        assert name is None
        yield None, "prod"

    monkeypatch.setattr(stacks, "workspace", selected)
    folder.write("1.3")
    done = CliRunner().invoke(app, ["import", str(folder.files / "parties.conf")])
    assert done.exit_code == 0, done.output
    assert folder.config("prod")["fate:release"] == "1.3.0"


@pytest.mark.parametrize("stack", ["../x", "a b", "", "x" * 101])
def test_a_bad_name_for_a_stack(folder: Folder, stack: str) -> None:
    folder.write("1.3")
    code, said = folder.fatectl(stack=stack)
    assert code == 1
    assert "--stack" in said
    assert not list(folder.project.iterdir())


def test_a_command_in_the_file_is_not_run(folder: Folder, tmp_path: Path) -> None:
    folder.write("1.3", user=f"$(touch {tmp_path / 'run'})")
    code, said = folder.fatectl()
    assert code == 1
    assert "parties.conf:3: commands are not run" in said
    assert not (tmp_path / "run").exists()


def test_a_stack_whose_networks_would_hide_a_host(folder: Folder) -> None:
    subnet = slots.subnet(DockerHost(docker="unix:///var/run/docker.sock"), "dev")
    assert "or use another name for --stack" in refused(
        folder, "1.3", partyiplist=f"({subnet[9]} 10.0.0.1)", servingiplist="()"
    )


def test_the_stack_file_tells_what_is_left_to_do(folder: Folder) -> None:
    imported(folder, "1.3")
    text = (folder.project / "Pulumi.dev.yaml").read_text()
    for says in (
        "pulumi stack init dev",
        "pulumi config set --stack dev --secret fate:masterSecret",
        "docker_deploy.sh --delete all",
        "bound to 127.0.0.1",
        "training.mysql.password",
    ):
        assert says in text, says
