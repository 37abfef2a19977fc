"""Tools for building images: the Docker daemon, a root file system and progress messages.

Used by `build` (FATE 2.x from packages) and `tests.lab.build` (the lab's stand-ins).
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SUITE = "bookworm"
ALIVE = 15.0  # seconds without a line after which a build shows one, as a sign of life
WIDTH = 100  # characters of a line to show
TAIL = 20  # last lines of a failed build to show


class BuildError(Exception):
    """A build failed; the text is one line with the cause and the remedy.

    Args:
        reason: that line.
        tail: the last lines of the failed command's output.
    """

    def __init__(self, reason: str, tail: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.tail = list(tail)


class Progress:
    """Prints each step when it starts, and its duration when it ends.

    Args:
        title: the prefix of every line.
    """

    def __init__(self, title: str) -> None:
        self.title = title

    def say(self, text: str) -> None:
        print(f"{self.title}: {text}", flush=True)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        start = time.monotonic()
        self.say(f"{what} …")
        done = "failed after"
        try:
            yield
            done = "took"
        finally:
            self.say(f"{done} {time.monotonic() - start:.1f} s")


class Docker:
    """The docker command for one daemon. It uses the classic builder: BuildKit queries a registry.

    Args:
        host: the daemon, e.g. unix:///var/run/docker.sock or ssh://root@b1.example.org.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        self.environment = {**os.environ, "DOCKER_HOST": host, "DOCKER_BUILDKIT": "0"}
        self.environment.pop("DOCKER_CONTEXT", None)  # would override DOCKER_HOST

    def run(self, *arguments: str, timeout: float | None = None) -> str:
        try:
            result = subprocess.run(
                ["docker", *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=self.environment,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired:
            raise BuildError(
                f"docker {arguments[0]}: no answer of {self.host} within {timeout:.0f} s; "
                f"check it with `docker -H {self.host} version`"
            ) from None
        if result.returncode != 0:
            lines = result.stderr.decode(errors="replace").strip().splitlines()
            raise BuildError(f"docker {arguments[0]} failed: {lines[-1] if lines else ''}")
        return result.stdout.decode()

    def check(self) -> None:
        if shutil.which("docker") is None:
            raise BuildError(
                "there is no docker command on this machine: install it "
                "(Debian: apt-get install docker.io)"
            )
        try:
            self.run("version", "--format", "{{.Server.Version}}", timeout=60)
        except BuildError:
            raise BuildError(
                f"cannot connect to the Docker daemon at {self.host}: check it with "
                f"`docker -H {self.host} version`"
            ) from None

    def has(self, image: str) -> bool:
        try:
            self.run("image", "inspect", "--format", "{{.Id}}", image)
        except BuildError:
            return False
        return True

    def label(self, image: str, name: str) -> str:
        """The value of an image's label; empty if the label or the image does not exist."""
        try:
            query = f'{{{{index .Config.Labels "{name}"}}}}'
            return self.run("image", "inspect", "--format", query, image).strip()
        except BuildError:
            return ""

    def build(
        self,
        image: str,
        context: bytes,
        *options: str,
        on_line: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Builds an image.

        Args:
            image: its name.
            context: its build context, a tar archive.
            options: additional options of `docker build`.
            on_line: called with the builder's steps, and occasionally with another of its lines.
        """
        last: deque[str] = deque(maxlen=TAIL)
        shown = time.monotonic()
        command = ["docker", "build", *options, "--tag", image, "--force-rm", "-"]
        with tempfile.TemporaryFile() as archive:
            archive.write(context)
            archive.seek(0)
            with subprocess.Popen(
                command,
                stdin=archive,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self.environment,
                text=True,
                errors="replace",
            ) as process:
                assert process.stdout is not None  # noqa: S101 - for mypy
                for line in (line.strip() for line in process.stdout):
                    if not line:
                        continue
                    last.append(line)
                    if line.startswith("Step ") or time.monotonic() - shown > ALIVE:
                        on_line(line if len(line) <= WIDTH else f"{line[:WIDTH]} …")
                        shown = time.monotonic()
        if process.returncode != 0:
            raise BuildError(f"{image}: docker build failed: {last[-1] if last else ''}", last)


@dataclass(frozen=True)
class Rootfs:
    """A Debian root file system built with debootstrap, a tarball in the user's cache.

    Args:
        folder: the folder in the cache.
        takes: how long it takes to create it.
        packages: the packages in addition to Debian's minimum.
        slim: patterns of the files to remove.
        keep: a file to keep although a pattern matches it.
    """

    folder: str
    takes: str
    packages: tuple[str, ...] = ()
    slim: tuple[str, ...] = ()
    keep: str = ""

    @property
    def key(self) -> str:
        return hash_of([repr((SUITE, self.packages, self.slim, self.keep)).encode()])[:20]

    def tarball(self, progress: Progress) -> Path:
        """The tarball, from the cache or created now (requires root)."""
        tarball = cache() / self.folder / f"rootfs-{self.key}.tar"
        if tarball.exists():
            return tarball
        if os.geteuid() != 0:
            raise BuildError(f"debootstrap must run as root (once, to create {tarball})")
        if shutil.which("debootstrap") is None:
            raise BuildError("there is no debootstrap on this machine: apt-get install debootstrap")
        tarball.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="rootfs-", dir=tarball.parent) as work:
            root = Path(work) / "root"
            with progress.step(f"creating Debian {SUITE} with debootstrap ({self.takes})"):
                self._bootstrap(root)
            with progress.step("slimming and packing it (about 5 s)"):
                self._slim(root)
                packed = Path(work) / "rootfs.tar"
                # device files cannot be unpacked everywhere, and Docker creates its own
                tar = ["tar", "--numeric-owner", "--exclude=./dev/*", "-C", str(root), "-cf"]
                subprocess.run([*tar, str(packed), "."], check=True)
                packed.rename(tarball)
        return tarball

    def _bootstrap(self, root: Path) -> None:
        command = ["debootstrap", "--variant=minbase"]
        if self.packages:
            command.append(f"--include={','.join(self.packages)}")
        result = subprocess.run([*command, SUITE, str(root)], capture_output=True, text=True)
        if result.returncode != 0:
            lines = (result.stdout + result.stderr).strip().splitlines()
            raise BuildError(f"debootstrap failed: {lines[-1] if lines else ''}", lines[-TAIL:])

    def _slim(self, root: Path) -> None:
        for path in (path for pattern in self.slim for path in root.glob(pattern)):
            if self.keep and path == root / self.keep:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fate-pulumi"


@contextmanager
def only_one(name: str, progress: Progress) -> Iterator[None]:
    """Allows one process of this user at a time; the others wait."""
    path = cache() / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step("waiting for another build on this machine"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_input(path: Path) -> bool:
    """Whether an image can depend on a path."""
    return path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md"


def inputs_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if is_input(path))


def hash_of(parts: Iterable[bytes]) -> str:
    result = hashlib.sha256()
    for part in parts:
        result.update(len(part).to_bytes(8, "big") + part)
    return result.hexdigest()


def files_of(paths: Iterable[Path], root: Path) -> list[bytes]:
    """Files with their names relative to `root`, as input for a hash."""
    return [str(path.relative_to(root)).encode() + b"\n" + path.read_bytes() for path in paths]


def archive(files: dict[str, bytes]) -> bytes:
    """A tar archive of files, keyed by name, e.g. a context for `docker build -`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in sorted(files.items()):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o644
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def folder_files(folder: Path, prefix: str = "") -> dict[str, bytes]:
    """A folder's files, keyed by their names in a build context."""
    return {
        f"{prefix}{path.relative_to(folder)}": path.read_bytes() for path in inputs_below(folder)
    }
