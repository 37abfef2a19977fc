"""The file of a backup: what was written is read again, and nothing else passes for it."""

import io
import random
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from fate_components.crypto import encryption
from fate_components.operate.backup import archive
from fate_components.operate.backup.archive import DATABASE, ArchiveError, Manifest, Member

PASSPHRASE = "correct horse battery staple"
MEMBERS = (
    Member(name=DATABASE, service="mysql", image="mysql:8"),
    Member(name="volumes/egg.tar.gz", service="egg", image="egg:1", volume="egg"),
    Member(name="volumes/redis.tar.gz", service="redis", image="redis:5", volume="redis"),
)
MANIFEST = Manifest(
    line="fate1_3",
    release="1.3.0",
    stack="dev",
    party=9999,
    created="2026-11-24T21:00:00Z",
    database="MySQL",
    members=MEMBERS,
)
PART, BLOCK = 64 << 10, 8 << 10  # smaller than they are, to be quick
NOISE = random.Random(7).randbytes(PART * 5 // 2)  # three parts, because it cannot be compressed
CONTENT = {
    DATABASE: b"-- a dump",
    "volumes/egg.tar.gz": NOISE,
    "volumes/redis.tar.gz": b"",
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small parts, and a key that costs nothing: scrypt is slow on purpose."""
    monkeypatch.setattr(encryption, "_COST", 2)
    monkeypatch.setattr(encryption, "_BLOCK", BLOCK)
    monkeypatch.setattr(archive, "_PART", PART)


def blocks(content: bytes, size: int = 30_011) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def write(path: Path, passphrase: str | None, content: dict[str, bytes] | None = None) -> Path:
    with path.open("wb") as file, archive.writing(file, MANIFEST, passphrase) as writer:
        for name, text in (content or CONTENT).items():
            writer.add(name, blocks(text))
    return path


def read(path: Path, passphrase: str | None) -> dict[str, bytes]:
    with archive.reading(path, passphrase) as reader:
        assert reader.manifest == MANIFEST
        return {
            member.name: b"".join(archive.decompressed(content))
            for member, content in reader.members()
        }


@pytest.fixture(params=[None, PASSPHRASE], ids=["plain", "encrypted"])
def passphrase(request: pytest.FixtureRequest) -> str | None:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def backup(tmp_path: Path, passphrase: str | None) -> Path:
    return write(tmp_path / "backup", passphrase)


def test_what_was_written_is_read(backup: Path, passphrase: str | None) -> None:
    assert read(backup, passphrase) == CONTENT
    assert archive.is_encrypted(backup) == bool(passphrase)


def test_it_can_be_verified_without_being_unpacked(backup: Path, passphrase: str | None) -> None:
    told: list[int] = []
    with archive.reading(backup, passphrase, told.append) as reader:
        assert [member for member, _ in reader.members()] == list(MEMBERS)
    assert sum(told) == backup.stat().st_size


@pytest.mark.parametrize("left", [0, 10, 600, PART * 2, -30_000, -20, -1])
def test_a_truncated_file_is_refused(backup: Path, passphrase: str | None, left: int) -> None:
    whole = backup.read_bytes()
    if left < 0 and not passphrase:
        left -= 11_300  # tar pads its end
    backup.write_bytes(whole[:left])
    with pytest.raises(ArchiveError, match=f"^{backup} cannot be restored: "):
        read(backup, passphrase)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_text_of_any_length_is_encrypted(size: int) -> None:
    file = io.BytesIO()
    encrypter = encryption.Encrypter(file, PASSPHRASE)
    for block in blocks(NOISE[:size], 701):
        encrypter.write(block)
    encrypter.close()
    assert NOISE[:200] not in file.getvalue()
    file.seek(0)
    decrypter = encryption.Decrypter(file, PASSPHRASE)
    assert b"".join(iter(lambda: decrypter.read(1009), b"")) == NOISE[:size]


def test_blocks_cannot_be_cut_off_exchanged_or_repeated(tmp_path: Path) -> None:
    path = write(tmp_path / "backup", PASSPHRASE)
    whole, header, size = path.read_bytes(), len(encryption.MAGIC) + 16, BLOCK + 16
    first, second = whole[header : header + size], whole[header + size : header + 2 * size]
    rest = whole[header + 2 * size :]
    for forged in (second + first + rest, first + first + second + rest, first, first + rest):
        path.write_bytes(whole[:header] + forged)
        with pytest.raises(ArchiveError, match="truncated or was altered"):
            read(path, PASSPHRASE)


def test_an_altered_byte_is_found(backup: Path, passphrase: str | None) -> None:
    whole = bytearray(backup.read_bytes())
    dice = random.Random(11)
    for _ in range(50):
        at = dice.randrange(2048, len(whole) - 20480)
        whole[at] ^= 1 << dice.randrange(8)
        backup.write_bytes(whole)
        with pytest.raises(ArchiveError):
            read(backup, passphrase)


def test_a_wrong_passphrase_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "backup", PASSPHRASE)
    with pytest.raises(ArchiveError, match="the passphrase is wrong, or the file is"):
        read(path, "wrong")


def test_a_missing_member_is_found(tmp_path: Path) -> None:
    some = {name: text for name, text in CONTENT.items() if name != DATABASE}
    path = write(tmp_path / "backup", None, some)
    with pytest.raises(ArchiveError, match=f"the checksum of {DATABASE} is wrong"):
        read(path, None)


def test_another_tar_archive_is_not_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "other.tar"
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo("something"))
    with pytest.raises(ArchiveError, match="it is not a backup made by fatectl"):
        read(path, None)


def test_a_format_of_the_future_is_told(tmp_path: Path) -> None:
    path = tmp_path / "backup"
    later = MANIFEST.model_copy(update={"format": 2})
    with path.open("wb") as file, archive.writing(file, later, None):
        pass
    with pytest.raises(ArchiveError, match="its format is 2, and this fatectl reads format 1"):
        read(path, None)


def test_tar_and_gzip_can_unpack_it(tmp_path: Path) -> None:
    path = write(tmp_path / "backup", None)
    with tarfile.open(path) as tar:
        names = [name for name in tar.getnames() if name.startswith("volumes/egg.tar.gz/")]
        parts = [file.read() for name in names if (file := tar.extractfile(name))]
    assert len(parts) == 3
    assert zlib.decompress(b"".join(parts), wbits=31) == NOISE
