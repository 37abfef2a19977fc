"""Archives of images: what is read from them, and what of them is sent to a Docker host."""

import gzip
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from fate_components.docker.images import archive
from fate_components.docker.images.archive import ArchiveError, familiar

IMAGES: list[dict[str, Any]] = [
    {"Config": "c1.json", "RepoTags": ["mysql:8"], "Layers": ["a/layer.tar", "b/layer.tar"]},
    {"Config": "c2.json", "RepoTags": ["r:5000/my/egg:1", "my/egg:2"], "Layers": ["c/layer.tar"]},
    {"Config": "c3.json", "RepoTags": None, "Layers": []},
]
DAMAGED = "is not an archive of images, or is damaged"
FILES = {"a/layer.tar": b"a" * 1000, "c1.json": b"{}", "b/layer.tar": b"b", "c2.json": b"[]"}


def tar(manifest: object = IMAGES) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as target:
        for name, content in {**FILES, "manifest.json": json.dumps(manifest).encode()}.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            target.addfile(info, io.BytesIO(content))
            if name == "b/layer.tar":
                link = tarfile.TarInfo("c/layer.tar")
                link.type, link.linkname = tarfile.SYMTYPE, "../a/layer.tar"
                target.addfile(link)
    return written.getvalue()


def zstd(content: bytes) -> bytes:
    if shutil.which("zstd") is None:
        pytest.skip("this machine has no zstd command")
    return subprocess.run(["zstd", "-qc"], input=content, capture_output=True, check=True).stdout


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "images"
    path.write_bytes(content)
    return path


def sent(path: Path, *images: str) -> tuple[dict[str, bytes | str], Any]:
    """The files of an archive that is sent to a Docker host, and its list of images."""
    found: dict[str, bytes | str] = {}
    content = io.BytesIO(b"".join(archive.read(path).only(images)))
    with tarfile.open(fileobj=content, mode="r|") as source:
        for member in source:
            file = source.extractfile(member) if member.isreg() else None
            found[member.name] = file.read() if file else member.linkname
    listed = found.pop("manifest.json")
    return found, json.loads(listed)


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstd])
def test_only_what_is_wanted_is_sent(tmp_path: Path, compress: Any) -> None:
    path = written(tmp_path, compress(tar()))
    files, listed = sent(path, "mysql:8")
    assert files == {name: FILES[name] for name in ("a/layer.tar", "b/layer.tar", "c1.json")}
    assert listed == [IMAGES[0]]
    files, listed = sent(path, "r:5000/my/egg:1")
    assert files == {
        "a/layer.tar": FILES["a/layer.tar"],
        "c/layer.tar": "../a/layer.tar",
        "c2.json": b"[]",
    }
    assert listed == [{**IMAGES[1], "RepoTags": ["r:5000/my/egg:1"]}]


def test_what_an_archive_contains(tmp_path: Path) -> None:
    found = archive.read(written(tmp_path, tar()))
    assert found.has("docker.io/library/mysql:8")
    assert found.has("my/egg:2")
    assert not found.has("my/egg:1")
    assert found.id("mysql:8") == "sha256:c1"
    assert found.id("mysql:9") is None


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("mysql", "mysql:latest"),
        ("docker.io/library/mysql:8", "mysql:8"),
        ("docker.io/my/egg", "my/egg:latest"),
        ("r:5000/egg", "r:5000/egg:latest"),
    ],
)
def test_names_as_docker_save_writes_them(image: str, name: str) -> None:
    assert familiar(image) == name


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", DAMAGED),
        (b"PK" * 1000, DAMAGED),
        (tar()[:1000], DAMAGED),
        (gzip.compress(tar())[:200], DAMAGED),
        (gzip.compress(b"x" * 5000), DAMAGED),
        (tar({"mysql": "8"}), "its manifest.json is not that of images"),
        (tar()[:1536] + bytes(1024), "it has no manifest.json, as `docker save` writes it"),
    ],
    ids=["empty", "zip", "cut", "gzip, cut", "gzip, no tar", "other manifest", "no manifest"],
)
def test_what_is_no_archive_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(ArchiveError, match=says):
        archive.read(written(tmp_path, content))


def test_a_damaged_file_of_zstd_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=DAMAGED):
        archive.read(written(tmp_path, zstd(tar())[:100]))


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="missing cannot be read: No such file or directory"):
        archive.read(tmp_path / "missing")
    with pytest.raises(ArchiveError, match="cannot be read: Is a directory"):
        archive.read(tmp_path)


def test_a_machine_without_zstd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ArchiveError, match="has no zstd command: install it"):
        archive.read(written(tmp_path, b"\x28\xb5\x2f\xfdx"))
