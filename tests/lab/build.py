"""Builds the lab images, stand-ins for FATE's, on a Docker daemon that can pull nothing.

    python -m tests.lab.build [--host unix:///var/run/docker.sock]

1. a Debian root file system by debootstrap, packed as a tarball in the user's cache (needs root,
   2 to 3 minutes, once for all daemons of this machine);
2. `docker import` of it (about 10 s, once for each daemon);
3. `docker build` of two images that the others share, then of the nine (about 20 s, when anything
   under tests/lab changed).

Each image carries a label with a hash of all its inputs, so a daemon that has them is left alone.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from images.builder import (
    BuildError,
    Docker,
    Progress,
    Rootfs,
    archive,
    files_of,
    folder_files,
    hash_of,
    inputs_below,
)

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
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

# files from elsewhere that an image's build gets: folder -> folder in its context
EXTRA = {
    "base": (HERE / "app/fate_lab", "fate_lab"),
    "egg": (HERE / "images/venv", "venv"),
    "mysql": (ROOT / "images/mysql", "mysql"),
    "python": (HERE / "images/venv", "venv"),
}

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


progress = Progress("lab images")


def build(docker_host: str) -> None:
    """Makes sure that the daemon at `docker_host` has the nine images of this tree."""
    docker = Docker(docker_host)
    docker.check()
    inputs = hash_of(everything())[:20]
    if all(docker.label(image, LABEL) == inputs for image in IMAGES.values()):
        progress.say(f"all {len(IMAGES)} are there already")
        return
    rootfs = Rootfs("lab", tuple(PACKAGES), tuple(SLIM), KEEP)
    if docker.label(ROOTFS, LABEL) != rootfs.key:
        tarball = rootfs.tarball(progress, "2 to 3 min")
        with progress.step("importing the root file system (about 10 s)"):
            docker.run("import", "--change", f"LABEL {LABEL}={rootfs.key}", str(tarball), ROOTFS)

    def build_one(folder: str, image: str) -> None:
        docker.build(image, context(folder), "--label", f"{LABEL}={inputs}")

    with progress.step("building the images that the others share (about 10 s)"):
        for folder, image in SHARED.items():
            build_one(folder, image)
    with (
        progress.step(f"building the {len(IMAGES)} images (about 15 s)"),
        ThreadPoolExecutor(3) as pool,
    ):
        for done in [
            pool.submit(build_one, *folder_and_image) for folder_and_image in IMAGES.items()
        ]:
            done.result()


def everything() -> list[bytes]:
    """All that the images are made of: this program, the files beside it and what it shares."""
    shared = [ROOT / "images/builder.py", *inputs_below(ROOT / "images/mysql")]
    return files_of([*shared, *inputs_below(HERE)], ROOT)


def context(folder: str) -> bytes:
    """An image's folder, and what else it needs, as a build context."""
    files = folder_files(HERE / "images" / folder)
    if folder in EXTRA:
        source, place = EXTRA[folder]
        files |= folder_files(source, f"{place}/")
    return archive(files)


def main() -> None:
    parser = argparse.ArgumentParser(description="Builds the lab images, stand-ins for FATE's.")
    default = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    parser.add_argument("--host", default=default, help="the Docker daemon (default: %(default)s)")
    options = parser.parse_args()
    try:
        build(options.host)
    except BuildError as error:
        sys.exit("\n".join([f"lab images: {error}", *error.tail]))


if __name__ == "__main__":
    main()
