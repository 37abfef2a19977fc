"""What single options of KubeFATE's files become, and why some have no place."""

from pathlib import Path

import pytest

from fate_components.kubefate.shell import ShellError, read
from tests.unit.kubefate.folder import Folder

REGISTRY = "r.example.org"


def training(config: dict[str, object]) -> list[dict[str, object]]:
    parties = config["fate:parties"]
    assert isinstance(parties, list)
    return [party.get("training", {}) for party in parties]


@pytest.mark.parametrize(
    ("tag", "values", "options", "says"),
    [
        ("v1.4.5", {}, ("--release", "1.11.2"), "redis_ip = redis: FATE 1.11.2 needs no Redis"),
        ("v1.4.5", {}, ("--release", "1.3.0"),
         "redis_ip = redis: each party has a Redis of its own; training.redis"),
        ("v1.8.0", {}, ("--release", "1.11.2"),
         "backend = eggroll: a stack of FATE 1.11.2 has Eggroll only"),
        ("v1.8.0", {}, ("--release", "2.2.0"),
         "backend = eggroll: fate:engines: {computing: eggroll, federation: osx}"),
        ("v1.8.0", {"backend": "spark_pulsar"}, ("--release", "2.2.0"),
         "backend = spark_pulsar: fate:engines: "
         "{computing: spark, federation: pulsar, storage: hdfs}"),
        ("v1.8.0", {"backend": "spark_local_pulsar"}, ("--release", "2.2.0"),
         "fate:engines: {computing: spark_local, federation: pulsar}"),
        ("v1.5.3", {"computing_backend": "spark"}, ("--release", "2.2.0"),
         "fate:engines: {computing: spark, federation: rabbitmq, storage: hdfs}"),
        ("v1.8.0", {}, ("--release", "2.2.0", "--engines", "standalone"),
         "backend = eggroll: --engines replaces it by standalone, rabbitmq and standalone"),
        ("v1.4.5", {}, ("--release", "2.2.0"), "(engines) = Eggroll: FATE 2.2.0 runs with"),
        ("v1.8.0", {}, ("--release", "1.11.2"),
         "enabled_nn = false: the release's images are those"),
        ("v1.8.0", {}, ("--release", "2.2.0"), "enabled_nn = false: stacks have the same"),
        ("v1.8.0", {"enabled_nn": "true"}, ("--release", "2.2.0"),
         "enabled_nn = true: the images are those of algorithm=Basic"),
        ("v1.11.2", {"device": "GPU"}, (),
         "device = GPU: containers get no GPU; the images are those for the CPU"),
        ("v1.11.2", {}, (), "device = CPU: the release's images are those"),
        ("v1.11.2", {}, (), "gpu_count = 1: containers get no GPU"),
        ("v1.11.2", {}, (), "compute_core = 16: training.cores: 16\n"),
        ("v1.9.0", {}, (), "compute_core = 4: training.cores: 4\n"),
        ("v1.9.0", {"compute_core": "2"}, (),
         "compute_core = 2: training.cores: 4; FATE Flow refuses each job that does not ask for "
         "fewer than 4"),
        ("v1.11.2", {"serverTimezone": "Asia/Shanghai"}, (), "always uses UTC"),
        ("v1.11.2", {"fateboard_username": "me"}, (), "the account of FATE Board is always admin"),
        ("v1.11.2", {}, (), "set training.client.token for one of your own"),
        ("v1.11.2", {}, (),
         "name_node = hdfs://namenode:9000: a stack with its tables in HDFS has an HDFS"),
        ("v1.11.2", {"exchangeip": "10.0.0.9"}, (),
         "exchangeip = 10.0.0.9: fate:exchange: {host: host3}"),
        ("v2.0.0", {"exchangeip": "10.0.0.9"}, ("--engines", "standalone"),
         "exchangeip = 10.0.0.9: a stack of FATE 2.0.0 has one only with osx; the parties call"),
        ("v2.0.0", {}, (), "SERVING_TAG = 2.1.6-release: stacks of FATE 2.0.0 have no FATE"),
        ("v2.0.0", {}, (), "have no FATE Serving; only those of FATE 1.3.0, 1.9.0"),
        ("v2.0.0", {}, (), "serving_admin_username = admin: stacks of FATE 2.0.0 have no FATE"),
        ("v2.0.0", {}, ("--release", "1.11.2"),
         "federation = OSX: a stack of FATE 1.11.2 has Eggroll only"),
        ("v1.11.2", {}, (), "To take along data of FATE 1.11.2, see Taking over the data in"),
    ],
)  # fmt: skip
def test_what_is_told(
    folder: Folder, tag: str, values: dict[str, str], options: tuple[str, ...], says: str
) -> None:
    _, said = folder.imported(tag, *options, **values)
    assert says in said


def test_cores_become_those_of_each_party(folder: Folder) -> None:
    config, _ = folder.imported("v1.9.0", compute_core="2")
    assert training(config) == [{"cores": 4}, {"cores": 4}]


@pytest.mark.parametrize(
    ("values", "suffix"),
    [
        ({"algorithm": "NN"}, "-nn"),
        ({"device": "IPCL"}, "-ipcl"),
        ({"algorithm": "NN", "device": "IPCL"}, "-nn-ipcl"),
        ({"algorithm": "ALL", "device": "GPU"}, "-all"),
    ],
)
def test_images_of_an_algorithm_and_a_device(
    folder: Folder, values: dict[str, str], suffix: str
) -> None:
    config, said = folder.imported("v1.11.2", RegistryURI=REGISTRY, **values)
    images = {name: about["image"] for name, about in config["fate:services"].items()}
    eggroll = f"{REGISTRY}/federatedai/eggroll{suffix}:1.11.2-release"
    assert images == {
        "rollsite": eggroll,
        "clustermanager": eggroll,
        "nodemanager": eggroll,
        "fateflow": f"{REGISTRY}/federatedai/fateflow{suffix}:1.11.2-release",
    }
    assert "See that the registry has these images" in said


def test_an_image_for_neural_networks_of_an_older_version(folder: Folder) -> None:
    config, _ = folder.imported("v1.8.0", "--release", "1.11.2", enabled_nn="true")
    images = {name: about["image"] for name, about in config["fate:services"].items()}
    assert images["fateflow"] == "federatedai/fateflow-nn:1.11.2-release"


@pytest.mark.parametrize(
    ("tag", "registry"), [("v1.3.0", REGISTRY), ("v1.11.2", f"{REGISTRY}/federatedai")]
)
def test_the_registry_is_where_kubefate_has_its_images(
    folder: Folder, tag: str, registry: str
) -> None:
    config, _ = folder.imported(tag, RegistryURI=f"{REGISTRY}/federatedai")
    assert config["fate:registry"] == registry


def test_an_external_mysql(folder: Folder) -> None:
    config, _ = folder.imported("v1.11.2", "--party", "9999", mysql_ip="10.0.0.9")
    wanted = {"address": "10.0.0.9", "user": "fate", "database": "fate_flow"}
    assert training(config) == [{"mysql": wanted, "cores": 16}]


@pytest.mark.parametrize(
    ("tag", "values", "options", "says"),
    [
        ("v1.11.2", {"party_list": "(0 9999)"}, (), "0 is not the id of a party: FATE Flow means"),
        ("v1.11.2", {"party_list": "(007 9999)"}, (), '"007" is not a party id'),
        ("v1.11.2", {"compute_core": "0"}, (), "is not a number of cores; use 1 to 1024"),
        ("v1.11.2", {"algorithm": "XL"}, (),
         "algorithm = XL: is none that KubeFATE has; write Basic, NN or ALL"),
        ("v1.11.2", {"device": "TPU"}, (), "write CPU, IPCL or GPU"),
        ("v1.11.2", {"computing": "Spark"}, (),
         "a stack of FATE 1.11.2 has Eggroll only; write computing=Eggroll, or choose a release "
         "that has spark: --release 2.0.0 or --release 2.2.0"),
        ("v1.11.2", {"federation": "Carrier"}, (), "choose another release with --release"),
        ("v1.8.0", {"backend": "spark_pulsar"}, ("--release", "1.11.2"),
         "backend = spark_pulsar: a stack of FATE 1.11.2 has Eggroll only; write backend=eggroll"),
        ("v1.8.0", {"backend": "abacus"}, ("--release", "2.2.0"),
         "backend = abacus: is not supported; choose other engines with --engines"),
        ("v1.11.2", {}, ("--engines", "spark"), "a stack of FATE 1.11.2 has Eggroll only; leave"),
    ],
)  # fmt: skip
def test_what_is_refused(
    folder: Folder, tag: str, values: dict[str, str], options: tuple[str, ...], says: str
) -> None:
    said = folder.refused(tag, *options, **values)
    assert says in said
    assert len([line for line in said.splitlines() if says in line]) == 1


def test_all_engines_of_a_backend_are_refused_at_once(folder: Folder) -> None:
    said = folder.refused("v1.8.0", "--release", "1.11.2", backend="spark_rabbitmq")
    assert said.count("backend = spark_rabbitmq") == 1


def test_a_file_in_gbk_is_read(folder: Folder) -> None:
    folder.write("v1.11.2", {})
    file = folder.files / "parties.conf"
    text = file.read_text().replace("# the options", "# 参与方的配置")
    file.write_bytes(text.replace("\n", "\r\n").encode("gbk"))
    code, said = folder.fatectl()
    assert code == 0, said


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig"])
def test_encodings_that_are_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "f").write_bytes("dir=/数据/fate # 数据目录\nuser=fate\n".encode(encoding))
    found = read(tmp_path / "f")
    assert found["dir"].values == ("/数据/fate",)
    assert found["user"].values == ("fate",)


@pytest.mark.parametrize("content", ["user=fate\n".encode("utf-16"), b"#\xfc\nuser=a\n", b"\0\1"])
def test_other_encodings_are_refused_with_the_way_to_convert_them(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(ShellError, match="convert it, for instance with `iconv -f UTF-16"):
        read(tmp_path / "f")
