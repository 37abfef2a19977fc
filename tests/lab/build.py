"""Builds the lab images, stand-ins for FATE's images, on a Docker daemon that cannot pull images.

    python -m tests.lab.build [--host unix:///var/run/docker.sock | --rootfs]

1. debootstrap creates a Debian root file system, a tarball in the user's cache (requires root, 2 to
   3 minutes, once for all daemons of this machine).
2. `docker import` imports it (about 10 s, once per daemon).
3. `docker build` builds the images that others are based on, then the others (about 25 s, if
   anything under tests/lab has changed).

Each image has a label with a hash of all inputs, so a daemon that has the images is left alone.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fate_components.images.packages.builder import (
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
from fate_components.images.packages.catalogue import HERE as PACKAGES
from fate_components.images.packages.catalogue import ROOTFS as PACKAGES_DEBIAN

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
    **{
        name: f"fate-lab/federatedai/{name}:1.2.2-release"
        for name in ("serving-server", "serving-proxy")
    },
    **{
        f"{name}21": f"fate-lab/federatedai/{name}:2.1.6-release"
        for name in ("serving-server", "serving-proxy", "serving-admin")
    },
    "zookeeper": "fate-lab/bitnami/zookeeper:3.7.0",
    "osx": "fate-lab/federatedai/osx:2.2.0-release",
    "eggroll": "fate-lab/federatedai/eggroll:3.2.0-release",
    "fateflow-spark": "fate-lab/federatedai/fateflow-spark:2.2.0-release",
    "nginx2": "fate-lab/federatedai/nginx:2.0.0-release",
    "pulsar": "fate-lab/federatedai/pulsar:2.10.2",
    "client": "fate-lab/federatedai/client:2.0.0-release",
    "fateboard2": "fate-lab/federatedai/fateboard:2.1.1-release",
    **{
        f"{name}111": f"fate-lab/federatedai/{name}:1.11.2-release"
        for name in ("eggroll", "fateflow", "fateboard", "client")
    },
}  # fmt: skip
AGAIN = {"fate-lab/mysql:8.0.28": "fate-lab/mysql:8"}  # other names of images
SHARED = {  # what the others are based on
    "base": "fate-lab/base",
    "java": "fate-lab/java",
    "nginx": "fate-lab/nginx:1.28",
    "fateflow": "fate-lab/federatedai/fateflow:2.2.0-release",
}
ROOTFS = "fate-lab/rootfs"

# files from other folders in an image's build context: source folder, folder in the context
EXTRA = {
    "base": (HERE / "app/fate_lab", "fate_lab"),
    "egg": (HERE / "images/venv", "venv"),
    "mysql": (PACKAGES / "mysql", "mysql"),
    "python": (HERE / "images/venv", "venv"),
}

DEBIAN_PACKAGES = [
    "busybox",
    "hostname",
    "libnginx-mod-stream",
    "mariadb-server",
    "nginx-light",
    "procps",
    "python3",
    "python3-grpcio",
    "python3-pymysql",
    "redis-server",
]
# files that no lab image needs: most of the size
SLIM = [
    "usr/share/doc/*", "usr/share/man/*", "usr/share/info/*", "usr/share/locale/*",
    "usr/share/lintian/*", "usr/lib/galera", "usr/lib/*/gconv", "var/cache/*/*",
    "var/lib/apt/lists/*", "var/lib/mysql/*", "var/log/*", "usr/bin/aria_*", "usr/bin/myisam*",
    "usr/bin/mariadb-[bchipstuw]*", "usr/bin/innochecksum", "usr/bin/mbstream",
    "usr/bin/resolve_stack_dump", "usr/bin/replace", "usr/bin/perror",
]  # fmt: skip
KEEP = "usr/bin/mariadb-install-db"
DEBIAN = Rootfs("lab", "2 to 3 min", tuple(DEBIAN_PACKAGES), tuple(SLIM), KEEP)


progress = Progress("lab images")


def build(docker_host: str) -> None:
    """Builds the images of this tree on the daemon at `docker_host`, unless it has them."""
    docker = Docker(docker_host)
    docker.check()
    inputs = hash_of(everything())[:20]
    if all(
        docker.label(image, LABEL) == inputs
        for image in (*SHARED.values(), *IMAGES.values(), *AGAIN)
    ):
        progress.say(f"all {len(IMAGES)} images are up to date")
        return
    if docker.label(ROOTFS, LABEL) != DEBIAN.key:
        tarball = DEBIAN.tarball(progress)
        with progress.step("importing the root file system (about 10 s)"):
            docker.run("import", "--change", f"LABEL {LABEL}={DEBIAN.key}", str(tarball), ROOTFS)

    def build_one(folder: str, image: str) -> None:
        docker.build(image, context(folder), "--label", f"{LABEL}={inputs}")

    with progress.step("building the images that the others share (about 10 s)"):
        for folder, image in SHARED.items():
            build_one(folder, image)
    with (
        progress.step(f"building the {len(IMAGES)} images (about 20 s)"),
        ThreadPoolExecutor(3) as pool,
    ):
        for done in [
            pool.submit(build_one, *folder_and_image) for folder_and_image in IMAGES.items()
        ]:
            done.result()
    for again, image in AGAIN.items():
        docker.run("tag", image, again)


def everything() -> list[bytes]:
    """All inputs of the images: this program, the files beside it and the files that it shares."""
    shared = [PACKAGES / "builder.py", *inputs_below(PACKAGES / "mysql")]
    return files_of([*shared, *inputs_below(HERE)], ROOT)


def context(folder: str) -> bytes:
    """An image's build context: its folder and the other files it needs."""
    files = folder_files(HERE / "images" / folder)
    if folder in EXTRA:
        source, place = EXTRA[folder]
        files |= folder_files(source, f"{place}/")
    return archive(files)


def main() -> None:
    parser = argparse.ArgumentParser(description="Builds the lab images, stand-ins for FATE's.")
    default = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    parser.add_argument("--host", default=default, help="the Docker daemon (default: %(default)s)")
    parser.add_argument(
        "--rootfs",
        action="store_true",
        help="only create the Debian root file systems of all images that tests build",
    )
    options = parser.parse_args()
    try:
        if options.rootfs:
            DEBIAN.tarball(progress)
            PACKAGES_DEBIAN.tarball(progress)
        else:
            build(options.host)
    except BuildError as error:
        sys.exit("\n".join([f"lab images: {error}", *error.tail]))


if __name__ == "__main__":
    main()
