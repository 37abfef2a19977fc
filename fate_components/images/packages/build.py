"""Builds FATE 2.x images from Debian and PyPI packages, even if the Docker host cannot pull images.

    python -m fate_components.images.packages.build --release 2.2.0 [--host HOST]
        [--registry REGISTRY] [IMAGE …]

Images that exist on the host are left alone; see README.md in this folder.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from .builder import BuildError, Docker, Progress, archive, folder_files, only_one
from .catalogue import (
    BASE,
    DEBIAN,
    HERE,
    IMAGES,
    LABEL,
    PREFIX,
    RELEASES,
    ROOTFS,
    image_key,
    image_name,
    lineage,
    lock_file,
)

STAGE_LABEL = "fate.images.stage"  # marks a build's leftovers, so that they can be removed
PULL_SECONDS = 60
AT_ONCE = 2  # one build downloads while the other unpacks

# The operator's settings for package mirrors: used in build stages only, not kept in images.
PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "timeout")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
CA_BUNDLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
DEFAULT_CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
CA_IN_CONTEXT = "ca-bundle.crt"
MAVEN_SETTINGS = Path.home() / ".m2" / "settings.xml"
MAVEN_IN_CONTEXT = "maven-settings.xml"

progress = Progress("images")


def build(host: str, release: str, images: list[str], registry: str = "") -> None:
    """Builds images on a Docker host, unless they exist.

    Args:
        host: the Docker host, e.g. unix:///var/run/docker.sock.
        release: FATE's release.
        images: the names of the images; their parent images are built too.
        registry: the prefix for pulling Debian's image, if it can be pulled.
    """
    docker = Docker(host)
    docker.check()
    if not _missing(docker, release, images):
        progress.say(f"all {len(images)} images already exist")
        return
    with only_one("images", progress):
        missing = _missing(docker, release, images)  # another build may have just finished
        if missing:
            _build_missing(docker, release, missing, registry)
    progress.say(f"{', '.join(images)}: ready")


def _missing(docker: Docker, release: str, images: list[str]) -> list[str]:
    """The images that must be built, and the missing ones that they are based on."""
    missing: list[str] = []
    for image in images:
        for ancestor in reversed(lineage(image)):
            if ancestor in missing or docker.has(image_name(ancestor, release)):
                break
            missing.append(ancestor)
    return missing


def _build_missing(docker: Docker, release: str, missing: list[str], registry: str) -> None:
    with progress.step(f"building {', '.join(missing)} on {docker.host}"):
        if not docker.has(image_name("base", release)):
            with Progress("base").step(f"building (about {BASE.takes})"):
                source = _debian(docker, registry)
                _build_one(docker, release, "base", {"DEBIAN": source}, {})
        certificates = _ca_bundle()
        arguments = _pip_arguments(certificates)
        more = {CA_IN_CONTEXT: certificates, MAVEN_IN_CONTEXT: _maven_settings()}
        # Images based on Debian, then images based on those, and so on.
        generations = sorted({len(lineage(image)) for image in missing})
        try:
            for generation in generations:
                batch = [image for image in missing if len(lineage(image)) == generation]
                with ThreadPoolExecutor(AT_ONCE) as pool:
                    done = [
                        pool.submit(_build_timed, docker, release, image, arguments, more)
                        for image in batch
                    ]
                    try:
                        for future in as_completed(done):
                            future.result()
                    except BaseException:
                        pool.shutdown(wait=False, cancel_futures=True)
                        raise
        finally:
            for image in missing:
                left = f"label={STAGE_LABEL}={image_key(image, release)}"
                docker.run("image", "prune", "--force", "--filter", left)


def _build_timed(
    docker: Docker, release: str, image: str, arguments: dict[str, str], more: dict[str, bytes]
) -> None:
    with Progress(image).step(f"building (about {IMAGES[image].takes})"):
        parent = image_name(IMAGES[image].parent, release)
        _build_one(docker, release, image, {"PARENT": parent, **arguments}, more)


def _build_one(
    docker: Docker, release: str, image: str, arguments: dict[str, str], more: dict[str, bytes]
) -> None:
    key = image_key(image, release)
    files = {**folder_files(HERE / image), **more}
    if image in IMAGES and IMAGES[image].locked:
        files["requirements.txt"] = lock_file(image, release).read_bytes()
    options = ["--label", f"{LABEL}={key}"]
    for name, value in {**arguments, "KEY": key, **_proxies()}.items():
        options += ["--build-arg", f"{name}={value}"]
    docker.build(image_name(image, release), archive(files), *options, on_line=Progress(image).say)


def _debian(docker: Docker, registry: str) -> str:
    """The parent of the base image: Debian's own image if available, else one created here."""
    official = f"{registry.rstrip('/')}/{DEBIAN}" if registry else DEBIAN
    if docker.has(official):
        return official
    try:
        docker.run("pull", "--quiet", official, timeout=PULL_SECONDS)
        return official
    except BuildError as error:
        progress.say(f"cannot pull {official}, creating a base image instead ({error})")
    own = f"{PREFIX}/rootfs:{ROOTFS.key}"
    if not docker.has(own):
        tarball = ROOTFS.tarball(progress)
        with progress.step("importing it (about 5 s)"):
            docker.run("import", str(tarball), own)
    return own


def _ca_bundle() -> bytes:
    """This machine's CA bundle for package mirrors; empty if there is none."""
    names = [os.environ.get(name, "") for name in CA_BUNDLES]
    for path in [Path(name) for name in [*names, DEFAULT_CA_BUNDLE] if name]:
        if path.is_file():
            return path.read_bytes()
    return b""


def _pip_arguments(certificates: bytes) -> dict[str, str]:
    """The operator's pip settings, as build arguments with pip's environment variable names."""
    program = ["pip"] if shutil.which("pip") else [sys.executable, "-m", "pip"]
    listed = subprocess.run([*program, "config", "list"], capture_output=True, text=True).stdout
    result = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        setting = name.rpartition(".")[2].replace("default-timeout", "timeout")
        if setting in PIP_SETTINGS:
            # pip accepts several indexes on several lines; the variable takes them as words
            words = value.strip("'\"").replace("\\n", " ").split()
            result[f"PIP_{setting.replace('-', '_').upper()}"] = " ".join(words)
    if certificates:
        result["PIP_CERT"] = f"/build/{CA_IN_CONTEXT}"
    return result


def _maven_settings() -> bytes:
    """The user's settings of Maven, which may name a mirror; settings that set nothing if none."""
    return MAVEN_SETTINGS.read_bytes() if MAVEN_SETTINGS.is_file() else b"<settings/>"


def _proxies() -> dict[str, str]:
    return {name: os.environ[name] for name in PROXIES if os.environ.get(name)}


def main() -> None:
    default = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    everything = [image for image, facts in IMAGES.items() if not facts.optional]
    parser = argparse.ArgumentParser(
        prog="python -m fate_components.images.packages.build",
        description="Builds FATE 2.x images from packages.",
    )
    parser.add_argument("--host", default=default, help="the Docker host (default: %(default)s)")
    parser.add_argument("--registry", default="", help="where Debian's image is pulled from")
    parser.add_argument("--release", required=True, choices=RELEASES, help="FATE's release")
    parser.add_argument(
        "images",
        nargs="*",
        metavar="IMAGE",
        help=f"images to build (default: {' '.join(everything)})",
    )
    options = parser.parse_args()
    wanted = list(dict.fromkeys(options.images or everything))
    try:
        for image in wanted:
            image_name(image, options.release)
        build(options.host, options.release, wanted, options.registry)
    except ValueError as error:
        parser.error(str(error))
    except BuildError as error:
        sys.exit("\n".join([f"images: {error}", *(f"    {line}" for line in error.tail)]))
    except KeyboardInterrupt:
        sys.exit("images: interrupted")


if __name__ == "__main__":
    main()
