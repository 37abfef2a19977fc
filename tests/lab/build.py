"""Builds the lab images, stand-ins for FATE's, on a Docker daemon that can pull nothing.

    python tests/lab/build.py [--host unix:///var/run/docker.sock]

1. a Debian root file system by debootstrap, packed as a tarball in the user's cache (needs root,
   2 to 3 minutes, once for all daemons of this machine);
2. `docker import` of it (about 10 s, once for each daemon);
3. `docker build` of two images that the others share, then of the nine (about 20 s, when anything
   under tests/lab changed).

Each image carries a label with a hash of all its inputs, so a daemon that has them is left alone.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
LABEL = "fate-lab.inputs"

IMAGES = {  # folder under images/ -> image
    "mysql": "fate-lab/mysql:8",
    "redis": "fate-lab/redis:5",
    **{
        name: f"fate-lab/federatedai/{name}:1.3.0-release"
        for name in (
            "egg", "fateboard", "meta-service", "python", "roll", "proxy", "federation",
        )
    },
}  # fmt: skip
SHARED = {"base": "fate-lab/base", "java": "fate-lab/java"}  # what the nine are made from
ROOTFS = "fate-lab/rootfs"

# files from elsewhere that an image's build gets: folder here -> folder in its context
EXTRA = {
    "base": ("app/fate_lab", "fate_lab"),
    "egg": ("images/venv", "venv"),
    "python": ("images/venv", "venv"),
}

SUITE = "bookworm"
PACKAGES = [
    "busybox",
    "hostname",
    "mariadb-server",
    "procps",
    "python3",
    "python3-pymysql",
    "redis-server",
]
# what no lab image needs: most of the size
SLIM = [
    "usr/share/doc/*", "usr/share/man/*", "usr/share/info/*", "usr/share/locale/*",
    "usr/share/lintian/*", "usr/lib/galera", "usr/lib/*/gconv", "var/cache/*/*",
    "var/lib/apt/lists/*", "var/lib/mysql/*", "var/log/*", "usr/bin/aria_*", "usr/bin/myisam*",
    "usr/bin/mariadb-[bchipstuw]*", "usr/bin/innochecksum", "usr/bin/mbstream",
    "usr/bin/resolve_stack_dump", "usr/bin/replace", "usr/bin/perror",
]  # fmt: skip
KEEP = "usr/bin/mariadb-install-db"


class BuildError(Exception):
    """The build cannot go on; the text is one line that says why, and what to do."""


def build(docker_host: str) -> None:
    """Makes sure that the daemon at `docker_host` has the nine images of this tree."""
    docker = Docker(docker_host)
    docker.check()
    inputs = hash_of(everything())
    if all(docker.label(image) == inputs for image in IMAGES.values()):
        print(f"lab images: all {len(IMAGES)} are there already")
        return
    rootfs_key = hash_of([repr((SUITE, PACKAGES, SLIM, KEEP)).encode()])
    if docker.label(ROOTFS) != rootfs_key:
        tarball = rootfs_tarball(rootfs_key)
        with Step("importing the root file system (about 10 s)"):
            docker.run("import", "--change", f"LABEL {LABEL}={rootfs_key}", str(tarball), ROOTFS)
    with Step("building the images that the others share (about 10 s)"):
        for folder, image in SHARED.items():
            docker.build(image, folder, inputs)
    with Step(f"building the {len(IMAGES)} images (about 15 s)"), ThreadPoolExecutor(3) as pool:
        for done in [
            pool.submit(docker.build, image, folder, inputs) for folder, image in IMAGES.items()
        ]:
            done.result()


class Step:
    """Says what is being done, and afterwards how long it took."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        self.start = time.monotonic()
        print(f"lab images: {self.what} …", flush=True)

    def __exit__(self, *error: object) -> None:
        print(f"lab images: {time.monotonic() - self.start:.1f} s", flush=True)


class Docker:
    """The docker command for one daemon; with the classic builder, as BuildKit asks a registry."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.environment = {**os.environ, "DOCKER_HOST": host, "DOCKER_BUILDKIT": "0"}
        self.environment.pop("DOCKER_CONTEXT", None)  # would go before DOCKER_HOST's daemon

    def run(self, *arguments: str, stdin: bytes | None = None) -> str:
        result = subprocess.run(
            ["docker", *arguments], input=stdin, capture_output=True, env=self.environment
        )
        if result.returncode != 0:
            lines = result.stderr.decode(errors="replace").strip().splitlines()
            raise BuildError(f"docker {arguments[0]} failed: {lines[-1] if lines else ''}")
        return result.stdout.decode()

    def check(self) -> None:
        if shutil.which("docker") is None:
            raise BuildError("no docker command: install Docker's client (Debian: docker.io)")
        try:
            self.run("version", "--format", "{{.Server.Version}}")
        except BuildError:
            raise BuildError(f"no Docker daemon answers at {self.host}: is it running?") from None

    def label(self, image: str) -> str:
        """The hash that the image was made from; empty when there is no such image."""
        query = f'{{{{index .Config.Labels "{LABEL}"}}}}'
        try:
            return self.run("image", "inspect", "--format", query, image).strip()
        except BuildError:
            return ""

    def build(self, image: str, folder: str, inputs: str) -> None:
        arguments = ["--label", f"{LABEL}={inputs}", "--tag", image, "--force-rm", "-"]
        try:
            self.run("build", *arguments, stdin=context(folder))
        except BuildError as error:
            raise BuildError(f"{image}: {error}") from None


def everything() -> list[bytes]:
    """All that the images are made of: this program and the files beside it."""
    files = sorted(path for path in HERE.rglob("*") if _is_input(path))
    return [str(path.relative_to(HERE)).encode() + b"\n" + path.read_bytes() for path in files]


def _is_input(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md"


def hash_of(parts: list[bytes]) -> str:
    result = hashlib.sha256()
    for part in parts:
        result.update(len(part).to_bytes(8, "big") + part)
    return result.hexdigest()[:20]


def context(folder: str) -> bytes:
    """An image's folder, and what else it needs, as a tar archive for `docker build -`."""
    sources = [(HERE / "images" / folder, "")]
    if folder in EXTRA:
        extra, place = EXTRA[folder]
        sources.append((HERE / extra, f"{place}/"))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for source, target in sources:
            for path in sorted(path for path in source.rglob("*") if _is_input(path)):
                info = tarfile.TarInfo(f"{target}{path.relative_to(source)}")
                info.size, info.mode = path.stat().st_size, 0o644
                with path.open("rb") as file:
                    tar.addfile(info, file)
    return buffer.getvalue()


def rootfs_tarball(key: str) -> Path:
    """The root file system as a tarball, from the cache or made now."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fate-pulumi" / "lab"
    tarball = cache / f"rootfs-{key}.tar"
    if tarball.exists():
        return tarball
    if os.geteuid() != 0:
        raise BuildError(f"not root: debootstrap needs it (once, for {tarball})")
    if shutil.which("debootstrap") is None:
        raise BuildError("no debootstrap: apt-get install debootstrap")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fate-lab-", dir=cache) as work:
        root = Path(work) / "root"
        with Step(f"making a root file system of Debian {SUITE} with debootstrap (2 to 3 min)"):
            command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
            result = subprocess.run([*command, SUITE, str(root)], capture_output=True, text=True)
            if result.returncode != 0:
                lines = (result.stdout + result.stderr).strip().splitlines()
                raise BuildError(f"debootstrap failed: {lines[-1] if lines else ''}")
        with Step("slimming and packing it (about 5 s)"):
            slim(root)
            packed = Path(work) / "rootfs.tar"
            # device files cannot be unpacked everywhere, and Docker makes its own
            tar = ["tar", "--numeric-owner", "--exclude=./dev/*", "-C", str(root), "-cf"]
            subprocess.run([*tar, str(packed), "."], check=True)
            packed.rename(tarball)
    return tarball


def slim(root: Path) -> None:
    for path in (path for pattern in SLIM for path in root.glob(pattern)):
        if path == root / KEEP:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description="Builds the lab images, stand-ins for FATE's.")
    default = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    parser.add_argument("--host", default=default, help="the Docker daemon (default: %(default)s)")
    options = parser.parse_args()
    try:
        build(options.host)
    except BuildError as error:
        sys.exit(f"lab images: {error}")


if __name__ == "__main__":
    main()
