"""Holes in files stay holes, whatever tar the image of a volume's service has."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from fate_components.backup import sparse, volumes
from fate_components.backup.party import Deployed, Found, PartyError

HOST, OTHER = "unix:///var/run/docker.sock", "ssh://root@b1.example.org:22"
CENTOS = "tar (GNU tar) 1.26\nCopyright (C) 2011 Free Software Foundation, Inc.\n"
DEBIAN = "tar (GNU tar) 1.34\nCopyright (C) 2021 Free Software Foundation, Inc.\n"
BUSYBOX = "tar (busybox) 1.36.1\n"
SIZE = 8 << 40  # bytes of a file that nobody could read in the time of a test


def container(image: str, *volumes: str, host: str = HOST) -> Found:
    return Found(image, image, image, image, "running", volumes, host)


def party(*containers: Found) -> Deployed:
    return Deployed("dev", "9999", containers)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The images whose tar was asked for its version, in this order."""
    images: list[str] = []
    says: Mapping[str, str] = {
        "nodemanager": CENTOS, "fateflow": CENTOS, "mysql": DEBIAN, "osx": BUSYBOX,
    }  # fmt: skip

    def docker(host: str, *arguments: str) -> str:
        assert {"--pull=never", "--network=none", "--entrypoint=tar"} <= {*arguments}
        *_, image, option = arguments
        assert option == "--version"
        images.append(image)
        if image not in says:
            raise PartyError('exec: "tar": executable file not found in $PATH')
        return says[image]

    monkeypatch.setattr(sparse, "docker", docker)
    sparse._version.cache_clear()
    yield images
    sparse._version.cache_clear()


def test_an_image_whose_tar_seeks_holes_copies_all_volumes(asked: list[str]) -> None:
    found = party(
        container("fateboard"), container("osx"), container("mysql"), container("nodemanager", "v")
    )
    assert sparse.image(found, HOST) == "mysql"
    assert asked == ["nodemanager", "fateboard", "osx", "mysql"]
    assert sparse.without(found) == []
    assert len(asked) == 4, "each is asked once"
    volume = volumes.Volume("fate-dev-9999-nodemanager", "nodemanager", found.containers[3])
    for copies, image in ((True, "mysql"), (False, "nodemanager")):
        assert image in volumes._arguments(found, [volume], "", "backup", copies=copies)


def test_the_newest_tar_is_better_than_none(asked: list[str]) -> None:
    found = party(
        container("osx", "v"), container("fateflow"), container("mysql", host=OTHER)
    )  # fmt: skip
    assert sparse.image(found, HOST) == "fateflow"
    assert sparse.image(found, OTHER) == "mysql"
    assert sparse.without(found) == [HOST]


def test_where_there_is_no_gnu_tar_a_volumes_own_image_copies_it(asked: list[str]) -> None:
    found = party(container("fateboard"), container("osx", "v"))
    assert sparse.image(found, HOST) == "osx"
    assert sparse.without(found) == [HOST]


def test_holes_are_neither_read_nor_filled(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    with (old / "data.mdb").open("wb") as file:
        file.write(b"begin")
        file.seek(SIZE // 2)
        file.write(b"middle")
        file.truncate(SIZE)
    before = (old / "data.mdb").stat()

    def run(script: str, folder: Path, stdin: bytes = b"") -> bytes:
        command = ["sh", "-c", f"set -e\n{script}"]
        return subprocess.run(
            command, cwd=folder, input=stdin, stdout=subprocess.PIPE, check=True
        ).stdout

    archive = run(volumes._READ, old)
    assert len(archive) < 1 << 20
    run(volumes._UNPACK, new, archive)
    restored = new / volumes._NEW / "data.mdb"
    after = restored.stat()
    assert (after.st_size, after.st_blocks) == (before.st_size, before.st_blocks)
    assert after.st_blocks < 1000
    with restored.open("rb") as file:
        assert file.read(5) == b"begin"
        file.seek(SIZE // 2)
        assert file.read(6) == b"middle"
    size = run(f"volume=/volumes/nodemanager\n{volumes._SIZE}", old).split()[0]
    assert int(size) < 1000, "of what is there, in KiB"
