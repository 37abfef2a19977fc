"""Holes in files stay holes, whatever tar the image of a volume's service has."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from fate_components.operate.backup import sparse, volumes
from fate_components.operate.backup.sparse import Copier
from fate_components.party.deployed import Deployed, Found, PartyError

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
    """The images that were asked what they have, in this order."""
    images: list[str] = []
    says: Mapping[str, str] = {
        "nodemanager": f"{CENTOS}python python\n",
        "egg": CENTOS,
        "mysql": DEBIAN,
        "osx": BUSYBOX,
    }

    def docker(host: str, *arguments: str) -> str:
        *options, image, _, script = arguments
        assert {"--pull=never", "--network=none", "--entrypoint=sh"} <= {*options}
        assert "tar --version" in script
        images.append(image)
        if image not in says:
            raise PartyError('exec: "sh": executable file not found in $PATH')
        return says[image]

    monkeypatch.setattr(sparse, "docker", docker)
    sparse._copier.cache_clear()
    yield images
    sparse._copier.cache_clear()


def images(party: Deployed, host: str = HOST) -> tuple[str, str]:
    """The images that archive and unpack files."""
    return sparse.archiver(party, host).image, sparse.unpacker(party, host).image


def test_an_image_whose_tar_seeks_holes_copies_all_volumes(asked: list[str]) -> None:
    found = party(
        container("fateboard"), container("osx"), container("mysql"), container("nodemanager", "v")
    )
    assert images(found) == ("mysql", "mysql")
    assert sparse.reads_holes(found) == []
    assert asked == ["nodemanager", "fateboard", "osx", "mysql"], "each is asked once"
    assert volumes._read(sparse.archiver(found, HOST)) == volumes._READ


def test_without_one_python_archives_them_and_any_gnu_tar_unpacks(asked: list[str]) -> None:
    found = party(
        container("osx", "v"),
        container("egg"),
        container("nodemanager"),
        container("mysql", host=OTHER),
    )
    assert images(found) == ("nodemanager", "egg")
    assert images(found, OTHER) == ("mysql", "mysql")
    assert sparse.reads_holes(found) == []
    assert volumes._read(sparse.archiver(found, HOST)).startswith("python -c ")


def test_a_tar_that_reads_holes_is_better_than_none_at_all(asked: list[str]) -> None:
    found = party(container("osx", "v"), container("egg"), container("mysql", host=OTHER))
    assert images(found) == ("egg", "egg")
    assert sparse.reads_holes(found) == [HOST]
    assert images(party(container("fateboard"), container("osx", "v"))) == ("osx", "osx")


def run(script: str, folder: Path, stdin: bytes = b"") -> bytes:
    """The output of one of the scripts that run in a volume."""
    command = ["sh", "-c", f"set -e\n{script}"]
    done = subprocess.run(command, cwd=folder, input=stdin, stdout=subprocess.PIPE, check=True)
    return done.stdout


@pytest.mark.parametrize("copier", [Copier("", (1, 34)), Copier("", (1, 26), sys.executable)])
def test_holes_are_neither_read_nor_filled(tmp_path: Path, copier: Copier) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    written = {
        "nothing": (SIZE, {}),
        "begin": (SIZE, {0: b"b" * 5000}),
        "end": (SIZE, {SIZE - 3000: b"e" * 3000}),
        "middle": (SIZE, {1 << 20: b"m" * 3_000_001, SIZE // 2: b"n" * 4096}),
        "odd": (SIZE - 1, {SIZE - 10: b"o" * 9}),
        "empty": (0, {}),
        "plain": (1001, {0: b"p" * 1001}),
        ("long" * 60): (SIZE, {4096: b"l"}),
    }
    for name, (size, parts) in written.items():
        with (old / name).open("wb") as file:
            for offset, data in parts.items():
                file.seek(offset)
                file.write(data)
            file.truncate(size)
    (old / "folder").mkdir(mode=0o700)
    (old / "folder/.fate-before").write_text("not of a restore")
    (old / ".fate-before").mkdir()
    (old / "folder/link").symlink_to("nowhere")
    os.link(old / "plain", old / "second")

    archive = run(volumes._read(copier), old)
    assert len(archive) < 5 << 20
    assert archive[-1024:] == bytes(1024)
    run(volumes._UNPACK, new, archive)
    there = new / volumes._NEW
    assert {path.name for path in there.iterdir()} == {*written, "folder", "second"}
    for name, (size, parts) in written.items():
        before, after = (old / name).stat(), (there / name).stat()
        assert (after.st_size, after.st_mode) == (size, before.st_mode), name
        assert after.st_blocks <= before.st_blocks, name
        with (there / name).open("rb") as file:
            for offset, data in parts.items():
                file.seek(offset)
                assert file.read(len(data)) == data, name
    assert (there / "folder").stat().st_mode & 0o777 == 0o700
    assert (there / "folder/link").readlink() == Path("nowhere")
    assert (there / "folder/.fate-before").read_text() == "not of a restore"
    assert (there / "second").samefile(there / "plain")


def test_the_size_of_a_volume_is_that_of_its_data(tmp_path: Path) -> None:
    with (tmp_path / "data.mdb").open("wb") as file:
        file.truncate(SIZE)
    size, name = run(f"volume=/volumes/egg\n{volumes._SIZE}", tmp_path).split()
    assert int(size) < 100, "KiB"
    assert name == b"egg"
