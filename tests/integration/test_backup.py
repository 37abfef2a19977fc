"""A party's backup restored into another stack, with another master secret, on another host that
keeps its data in a folder."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docker.models.containers import Container
from pulumi import automation as auto

from fate_components.docker.client.containers import Containers
from fate_components.lines.fate1_3.serving.return_codes import CODES
from fate_components.operate.backup import archive
from fate_components.serving import inference
from tests.support.engine.clusters import Cluster
from tests.support.engine.docker_hosts import DockerHost, wait_for
from tests.support.engine.serving import serving
from tests.support.engine.ssh import SshServer
from tests.support.engine.stacks import Stack, party

DATA = "/data/projects/fate/data-dir"
# FATE's data files are sparse: this one has a few bytes, and too many holes to read them.
ODD_FILES = (
    f"cd {DATA} && truncate -s 8T sparse && echo text | dd of=sparse bs=1M seek=1M conv=notrunc"
    ' && mkdir .hidden && echo text > ".hidden/it\'s *"'
    " && ln -s nowhere link && chmod 700 .hidden"
)
PASSPHRASE = "correct horse battery staple"


@dataclass(frozen=True)
class Deployment:
    """Party 9999 in two stacks, each on a Docker host of its own.

    Args:
        old: the party that is backed up.
        new: the party that it is restored into, reached by SSH.
        file: the encrypted backup.
        secret: the file with its passphrase.
        job: the job whose model the party trained before the backup.
        data: the folder for the data of the new party.
    """

    old: Cluster
    new: Cluster
    file: Path
    secret: Path
    job: str
    data: Path

    def restore(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Restore the backup into the new stack."""
        return self.new.stack.fatectl(*self.arguments(*options))

    def arguments(self, *options: str) -> list[str]:
        secret = ("--passphrase-file", str(self.secret))
        return ["restore", "9999", str(self.file), "--yes", *secret, *options]

    def killed_restore(self, when: str) -> None:
        """Kill a restore when a file or folder appears below the new host's volumes."""
        stack = self.new.stack
        process = subprocess.Popen(
            [
                ".venv/bin/python",
                "-m",
                "fate_components.cli",
                *self.arguments(),
                "--stack",
                stack.name,
            ],
            cwd=stack.folder,
            env={**os.environ, **stack.auto.workspace.env_vars},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        volumes = self.new.host.folder / "data/volumes"
        try:
            wait_for(when, lambda: bool(list(volumes.glob(when))) or process.poll() is not None)
            assert process.poll() is None, "it ended before it could be killed"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def jobs(cluster: Cluster) -> set[str]:
    """The jobs in the party's database."""
    return {job for (job,) in cluster.sql(9999, "SELECT DISTINCT f_job_id FROM t_job")}


def model(cluster: Cluster, job: str) -> dict[str, str]:
    """What FATE Flow gives out as a job's model: it is in EggRoll, found through MySQL."""
    asked = {"name": job, "namespace": "guest#9999#guest-9999#host-9999#model"}
    script = (
        "import sys; from urllib.request import Request, urlopen\n"
        "url = 'http://127.0.0.1:9380/v1/model/transfer'\n"
        f"print(urlopen(Request(url, {json.dumps(asked).encode()!r})).read().decode())"
    )
    activate = "source /data/projects/python/venv/bin/activate"
    said = cluster.sh(9999, "python", f"{activate}; python - <<'END'\n{script}\nEND")
    return dict(json.loads(said)["data"])


def infer(cluster: Cluster) -> dict[str, Any]:
    """The answer of the party's serving cluster to a request to the published model."""
    at = Containers(cluster.stack.name, "9999", cluster.host.url)
    answer = inference.ask_patiently(at, "credit", {"x0": 1}, {"device_id": "1"}, CODES)
    assert inference.codes(answer) == (0, 0), answer
    return answer


def log(cluster: Cluster, job: str) -> str:
    """The party's log files of a job."""
    return cluster.sh(9999, "python", f"find /data/projects/fate/python/logs/{job} -name '*.log'")


@pytest.fixture(scope="module")
def deployed(
    docker_host: DockerHost,
    other_host: DockerHost,
    engine_env: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    ssh = SshServer(other_host, tmp_path_factory.mktemp("ssh"))
    env = {**engine_env, "PATH": f"{ssh.bin}{os.pathsep}{engine_env['PATH']}"}
    # Docker creates the folders.
    data = Path("/srv") / other_host.namespace / "fate"
    clusters = []
    for host, docker, training in (
        (docker_host, {"docker": docker_host.url}, {}),
        (
            other_host,
            {"docker": ssh.url, "data": str(data)},
            {"uploads": str(data.with_name("uploads"))},
        ),
    ):
        one = party(9999, "lab", 9700)
        one["training"] |= training
        stack = Stack(
            tmp_path_factory.mktemp("backup"),
            env,
            {
                "fate:release": "1.3.0",
                "fate:registry": "fate-lab",
                "fate:hosts": {"lab": docker},
                "fate:parties": [{**one, "serving": serving(9710)}],
            },
        )
        clusters.append(Cluster(host, stack))
    folder = tmp_path_factory.mktemp("backups")
    secret = folder / "passphrase"
    secret.write_text(f"{PASSPHRASE}\n")
    try:
        for cluster in clusters:
            cluster.stack.up()
            cluster.toy_succeeds(9999, 9999)
        old, new = clusters
        old.sh(9999, "egg", ODD_FILES)
        # Nobody in the container may do this.
        volume = old.host.docker.volumes.get(f"fate-{old.stack.name}-9999-egg")
        os.chown(Path(volume.attrs["Mountpoint"]) / ".hidden", 1234, 1235)
        (job,) = jobs(old)
        assert model(old, job)
        published = old.stack.fatectl("publish", job, "--service", "credit")
        assert published.returncode == 0, published.stdout + published.stderr
        yield Deployment(old, new, folder / "party.backup", secret, job, data)
        for cluster in clusters:
            cluster.stack.destroy()
    finally:
        ssh.close()
        shutil.rmtree(data.parent, ignore_errors=True)


def test_a_backup_leaves_the_party_as_it_was(deployed: Deployment) -> None:
    before = deployed.old.lives()
    done = deployed.old.stack.fatectl(
        "backup", "9999", str(deployed.file), "--passphrase-file", str(deployed.secret)
    )
    assert done.returncode == 0, done.stderr
    assert "encrypted" in done.stdout
    assert deployed.file.stat().st_size < 1 << 20, "holes take no space"
    assert deployed.file.stat().st_mode & 0o777 == 0o600
    assert deployed.old.lives() == before
    deployed.old.wait_healthy()
    deployed.old.toy_succeeds(9999, 9999)
    again = deployed.old.stack.fatectl("backup", "9999", str(deployed.file))
    assert again.returncode == 1
    assert "exists: choose another name" in again.stderr


def test_a_wrong_passphrase_and_a_truncated_file_touch_nothing(
    deployed: Deployment, tmp_path: Path
) -> None:
    before, known = deployed.new.lives(), jobs(deployed.new)
    wrong = tmp_path / "wrong"
    wrong.write_text("another one")
    done = deployed.new.stack.fatectl(
        "restore", "9999", str(deployed.file), "--yes", "--passphrase-file", str(wrong)
    )
    assert done.returncode == 1
    assert "the passphrase is wrong" in done.stderr
    part = tmp_path / "part"
    part.write_bytes(deployed.file.read_bytes()[:-1])
    done = deployed.new.stack.fatectl(
        "restore", "9999", str(part), "--yes", "--passphrase-file", str(deployed.secret)
    )
    assert done.returncode == 1
    assert f"{part} cannot be restored" in done.stderr
    assert deployed.new.lives() == before
    assert jobs(deployed.new) == known


def test_a_restore_that_is_killed_while_it_loads_changes_nothing(deployed: Deployment) -> None:
    before, known = deployed.new.lives(), jobs(deployed.new)
    deployed.killed_restore("*-9999-python-logs/_data/.fate-restore")
    after = deployed.new.lives()
    assert {name: after[name] for name in before} == before
    assert jobs(deployed.new) == known
    deployed.new.toy_succeeds(9999, 9999)


def test_a_restore_that_is_killed_while_it_switches_is_undone(deployed: Deployment) -> None:
    known = jobs(deployed.new)
    deployed.killed_restore("*-9999-egg/_data/.fate-before*")
    refused = deployed.new.stack.fatectl("backup", "9999", f"{deployed.file}-2")
    assert "was interrupted: run `fatectl restore 9999 --abort`" in refused.stderr
    done = deployed.new.stack.fatectl("restore", "9999", "--abort")
    assert done.returncode == 0, done.stderr
    assert jobs(deployed.new) == known
    assert all(log(deployed.new, job) for job in known)
    nothing_left(deployed.new)
    deployed.new.toy_succeeds(9999, 9999)


def test_data_that_the_services_cannot_start_with_is_not_kept(
    deployed: Deployment, tmp_path: Path
) -> None:
    known, bad = jobs(deployed.new), tmp_path / "bad"
    with (
        archive.reading(deployed.file, PASSPHRASE) as reader,
        bad.open("wb") as file,
        archive.writing(file, reader.manifest, None) as writer,
    ):
        for member, blocks in reader.members():
            content = archive.decompressed(blocks)
            if member.volume == "redis":
                content = iter([files({"dump.rdb": b"not a database"})])
            writer.add(member.name, content)
    done = deployed.new.stack.fatectl("restore", "9999", str(bad), "--yes")
    assert done.returncode == 1
    assert "9999-redis keeps exiting" in done.stderr
    assert "Wrong signature trying to load DB from file" in done.stderr
    assert "putting back the data from before the restore" in done.stdout
    deployed.new.wait_healthy()
    assert jobs(deployed.new) == known
    nothing_left(deployed.new)


def files(contents: dict[str, bytes]) -> bytes:
    """A tar archive of files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def nothing_left(cluster: Cluster) -> None:
    """Check that a restore has left nothing beside the data."""
    mine = {"label": f"fate.stack={cluster.stack.name}"}
    volumes = cluster.host.docker.volumes.list(filters=mine)
    assert volumes
    for volume in volumes:
        assert not str(volume.name).endswith("restoring")
        assert not list(Path(volume.attrs["Mountpoint"]).glob(".fate-*")), volume.name
    databases = "ls -d /var/lib/mysql/fate*"
    assert cluster.sh(9999, "mysql", databases).split() == ["/var/lib/mysql/fate"]
    assert cluster.host.docker.containers.list(all=True, filters={"label": "fate.helper"}) == []


def test_the_party_continues_in_another_stack(deployed: Deployment) -> None:
    new, known = deployed.new, jobs(deployed.new)
    wanted, nodes = model(deployed.old, deployed.job), new.nodes(9999)
    assert known
    assert deployed.job not in known
    assert deployed.old.stack.master_secret != new.stack.master_secret
    # The same command again is also the way out of one that was killed.
    deployed.killed_restore("*-9999-mysql/_data/fate_before/*.ibd")
    done = deployed.restore()
    assert done.returncode == 0, done.stderr
    nothing_left(new)
    new.wait_healthy()
    assert jobs(new) == {deployed.job}
    assert model(new, deployed.job) == wanted
    assert "guest/9999/secure_add_example_0/INFO.log" in log(new, deployed.job)
    assert new.nodes(9999) == nodes
    assert new.sh(9999, "egg", f"readlink {DATA}/link") == "nowhere\n"
    volume = new.host.docker.volumes.get(f"fate-{new.stack.name}-9999-egg")
    assert (Path(volume.attrs["Mountpoint"]) / ".hidden/it's *").read_text() == "text\n"
    stat = f"cd {DATA}; stat -c '%s %b' sparse; stat -c '%u:%g %a' .hidden"
    assert re.fullmatch(f"{8 << 40} [0-9]{{1,2}}\n1234:1235 700\n", new.sh(9999, "egg", stat))
    text = f"dd if={DATA}/sparse bs=1M skip=1M count=1 status=none | head -c 4"
    assert new.sh(9999, "egg", text) == "text"
    assert infer(new)["data"]["prob"] == infer(deployed.old)["data"]["prob"]
    new.toy_succeeds(9999, 9999)
    new.stack.preview(expect_no_changes=True)


def test_fate_flow_can_read_files_to_upload_on_the_docker_host(deployed: Deployment) -> None:
    (deployed.data.with_name("uploads") / "breast.csv").write_text("id,x0\n")
    folder = "/data/projects/fate/uploads"
    assert deployed.new.sh(9999, "python", f"cat {folder}/breast.csv") == "id,x0\n"
    write = f"touch {folder}/mine 2>&1 || true"
    assert "Read-only file system" in deployed.new.sh(9999, "python", write)


@pytest.fixture
def kubefate(deployed: Deployment, tmp_path: Path) -> Iterator[list[Container]]:
    """KubeFATE's containers of party 9999, with the data of the old party, on the new party's host.

    They have the names, labels, mounts and commands that KubeFATE v1.3.0 gives them.
    """
    docker = deployed.new.host.docker
    confs, serving_confs = tmp_path / "confs-9999", tmp_path / "serving-9999"
    volume = docker.volumes.create("confs-9999_fate_flow_logs")
    root = "/data/projects/fate"
    idle = {"entrypoint": ["sleep", "1000000"], "init": True}
    wanted: list[tuple[str, str, str, dict[str, str], dict[str, Any]]] = [
        ("confs-9999", "mysql", "mysql:8", {f"{confs}/confs/mysql/data": "/var/lib/mysql"},
         {"environment": {"MYSQL_ROOT_PASSWORD": "fate_dev", "MYSQL_DATABASE": "fate",
                          "MYSQL_USER": "fate", "MYSQL_PASSWORD": "fate_dev"}}),
        ("confs-9999", "egg", "federatedai/egg:1.3.0-release",
         {f"{confs}/confs/egg/data-dir": f"{root}/data-dir"}, idle),
        ("confs-9999", "python", "federatedai/python:1.3.0-release",
         {volume.name: f"{root}/python/logs"}, idle),
        ("confs-9999", "redis", "redis:5", {f"{confs}/confs/redis/data": "/data"},
         {"command": "redis-server --requirepass fate_dev"}),
        ("serving-9999", "serving-server", "federatedai/serving-server:1.2.2-release",
         {f"{serving_confs}/confs/serving-server/.fate": "/root/.fate"}, idle),
    ]  # fmt: skip
    containers = []
    try:
        for project, service, image, mounts, more in wanted:
            labels = {"project": project, "service": service}
            containers.append(
                docker.containers.run(
                    f"fate-lab/{image}",
                    name=f"{project}_{service}_1",
                    labels={f"com.docker.compose.{name}": value for name, value in labels.items()},
                    volumes=[f"{source}:{path}" for source, path in mounts.items()],
                    detach=True,
                    **more,
                )
            )
        yield containers
    finally:
        for container in containers:
            container.remove(force=True)
        volume.remove()


def copied(source: Container, target: Container, path: str) -> None:
    """Copy the contents of a folder from one container to the same place in another one."""
    target.exec_run(["mkdir", "-p", path])
    blocks, _ = source.get_archive(f"{path}/.")
    target.put_archive(path, b"".join(blocks))


def test_a_party_of_kubefate_is_taken_over(
    deployed: Deployment, kubefate: list[Container], tmp_path: Path
) -> None:
    old, new = deployed.old, deployed.new
    mysql, egg, python, _, server = kubefate
    as_root = 'MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql -u root -h 127.0.0.1'
    wait_for(
        "MySQL", lambda: mysql.exec_run(["sh", "-c", f"{as_root} -e 'SELECT 1'"]).exit_code == 0
    )
    dump = "MYSQL_PWD=$(cat /run/secrets/mysql-root-password) mysqldump -u root fate"
    # KubeFATE has no second egg, and this row tells its data from that of the old party.
    known = jobs(old)
    sql = f"{old.sh(9999, 'mysql', dump)}\nUPDATE t_job SET f_description = 'of KubeFATE';"
    mysql.put_archive("/tmp", files({"fate.sql": sql.encode()}))
    loaded = mysql.exec_run(["sh", "-c", f"{as_root} fate < /tmp/fate.sql"])
    assert loaded.exit_code == 0, loaded.output
    old.sh(9999, "egg", f"rm {DATA}/sparse")  # the library would copy all of its 8 TiB
    copied(old.container(9999, "egg"), egg, DATA)
    for folder in ("logs", "jobs"):
        path = f"/data/projects/fate/python/{folder}"
        copied(old.container(9999, "python"), python, path)
    copied(old.container(9999, "serving-server"), server, "/root/.fate")
    python.exec_run(["touch", "/data/projects/fate/python/jobs/of-kubefate"])

    file = tmp_path / "kubefate.fate"
    for stop, status in ((), "running"), (("--stop",), "exited"):
        file.unlink(missing_ok=True)
        done = new.stack.fatectl("takeover", "9999", str(file), *stop)
        assert done.returncode == 0, done.stderr
        for container in kubefate:
            container.reload()
            assert container.status == status, container.name
    restored = new.stack.fatectl("restore", "9999", str(file), "--yes")
    assert restored.returncode == 0, restored.stderr
    assert jobs(new) == known
    assert new.sql(9999, "SELECT DISTINCT f_description FROM t_job") == [["of KubeFATE"]]
    assert model(new, deployed.job) == model(old, deployed.job)
    assert "INFO.log" in log(new, deployed.job)
    assert "of-kubefate" in new.sh(9999, "python", "ls /data/projects/fate/python/jobs")
    assert infer(new)["data"]["prob"] == infer(old)["data"]["prob"]
    new.toy_succeeds(9999, 9999)


def test_data_in_a_folder_outlives_its_volumes_and_moves_by_hand(deployed: Deployment) -> None:
    new, known, moved = deployed.new, jobs(deployed.new), deployed.data.with_name("moved")
    party = deployed.data / new.stack.name / "9999"
    assert {folder.name for folder in party.iterdir()} == {
        "egg", "mysql", "python-jobs", "python-logs", "redis", "serving-redis", "serving-server"
    }  # fmt: skip
    assert list((party / "egg").rglob("*"))
    assert party.parent.stat().st_mode & 0o777 == 0o700, "others cannot read the data"
    before = new.lives()
    new.stack.change(lambda c: c["fate:hosts"]["lab"].update(data=str(moved)))
    with pytest.raises(auto.CommandError, match="`pulumi up` does not move it") as caught:
        new.stack.preview()
    assert f"is in {deployed.data}, not in {moved}" in str(caught.value)
    assert f"Set fate:hosts.lab.data to {deployed.data}" in str(caught.value)
    assert new.lives() == before

    for container in new.containers():
        container.remove(force=True)
    for volume in new.host.docker.volumes.list(filters={"label": f"fate.stack={new.stack.name}"}):
        volume.remove()
    moved.mkdir()
    party.parent.rename(moved / party.parent.name)
    new.stack.up()
    assert jobs(new) == known
    assert log(new, deployed.job)
