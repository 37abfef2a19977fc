"""The FATE release that KubeFATE's files are for, and the one to deploy for them.

Which versions of KubeFATE there are, and which options their files have, is from the parties.conf
and .env of its tags v1.1 to v2.0.0. FATE 2.2.0 has a deployer of its own with the same files.
"""

from collections.abc import Iterator

from .. import lines
from ..releases import catalogue
from .options import PARTIES, SERVING, Options

_TAGS = ("FATEFlow_IMAGE_TAG", "TAG", "KubeFATE_Version")
# The options by which parties.conf tells its version if there is no .env, the newest first, and the
# versions whose files look the same. Before them there was v1.3.0.
_MARKS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("serverTimezone",), ("1.11.2", "2.0.0")),
    (("gpu_count",), ("1.11.1",)),
    (("notebook_hashed_password",), ("1.10.0",)),
    (
        ("computing", "federation", "storage", "algorithm", "device", "compute_core"),
        ("1.9.0", "1.9.1", "1.9.2"),
    ),
    (("serving_admin_username", "serving_admin_password"), ("1.8.0", "1.8.1")),
    (("backend",), ("1.6.0", "1.6.1", "1.7.0", "1.7.1", "1.7.2", "1.8.0")),
    (("computing_backend",), ("1.5.0", "1.5.1", "1.5.3")),
    (
        ("mysql_ip", "redis_ip", "redis_port", "redis_password"),
        ("1.4.0", "1.4.1", "1.4.2", "1.4.3", "1.4.4", "1.4.5"),
    ),
)
_FIRST = ("1.3.0",)
_ENGINES = ("computing", "federation", "storage")
_OF_FATE_2 = {"osx", "standalone"}
_KUBEFATE_2, _OWN_DEPLOYER = ("2.0.0",), ("2.2.0",)
# Options that came and went: the first and the last minor version of KubeFATE with each.
_GONE = {
    "redis_ip": ((1, 4), (1, 8)),
    "redis_port": ((1, 4), (1, 8)),
    "redis_password": ((1, 4), (1, 8)),
    "computing_backend": ((1, 5), (1, 5)),
    "backend": ((1, 6), (1, 8)),
    "enabled_nn": ((1, 5), (1, 8)),
}
_TOO_OLD = {"venvdir": "v1.1"}


def release(options: Options, chosen: str | None) -> str | None:
    """The FATE release to deploy, or None if that is refused.

    Args:
        options: the options of the files; those that name a version are reported.
        chosen: the release that the operator chose, if any.
    """
    for name, versions in _TOO_OLD.items():
        if name in options:
            options.refuse(
                name,
                f"is an option of KubeFATE {versions}, whose files are not read; remove it if the "
                "stack can do without",
            )
    if chosen is not None and chosen not in catalogue.known():
        options.report.refuse(
            "--release",
            chosen,
            f"is not a known release; choose one of {', '.join(catalogue.known())}",
        )
        return None
    fate_release = chosen or _release_of_files(options)
    for name in ("TAG", "KubeFATE_Version") if fate_release else ():
        version = options.version(name)
        if version == fate_release:
            options.taken(name, f"fate:release: {fate_release}")
        elif chosen is None and version and nearest(version) == fate_release:
            options.left(
                name,
                f"fate:release is {fate_release}, the nearest patch release that can be deployed; "
                "all parties that work together must have it",
            )
        else:
            options.left(
                name,
                f"fate:release is {fate_release}, which all parties that work together must have",
            )
    return fate_release


def nearest(version: str) -> str | None:
    """The release to deploy for a version of FATE: itself, or the nearest patch release of the same
    minor version, rather a newer one than an older one. None if there is none.
    """
    wanted = _parts(version)
    same = [name for name in _deployable() if _parts(name)[:2] == wanted[:2]]

    def distance(name: str) -> tuple[int, int]:
        patches = _patch(_parts(name)) - _patch(wanted)
        return abs(patches), -patches

    return min(same, key=distance, default=None)


def _deployable() -> list[str]:
    """The releases that KubeFATE deploys, too, oldest first."""
    return [name for name in catalogue.known() if lines.of(catalogue.load(name)).from_kubefate]


def _parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _patch(parts: tuple[int, ...]) -> int:
    return parts[2] if len(parts) > 2 else 0


def _release_of_files(options: Options) -> str | None:
    """The release that the files are for; if there is none like it, that is refused."""
    tags = ((name, options.version(name)) for name in _TAGS)
    name, version = next((tag for tag in tags if tag[1]), ("", None))
    if version is None:
        return _release_of_options(options)
    fate_release = nearest(version)
    if fate_release is None:
        options.refuse(name, f"is for FATE {version}, {_not_deployed([version])}")
    elif not _spelled_for(options, fate_release):
        options.refuse(
            options.spelled(PARTIES),
            f"is of another version of KubeFATE than {name}, which is for FATE {version}; name the "
            f".env that belongs to parties.conf, or choose {_choice()}",
        )
    elif foreign := list(_foreign(options, version)):
        for option, versions in foreign:
            options.refuse(
                option,
                f"is an option of KubeFATE {versions}, but {name} is for FATE {version}; name the "
                f".env that belongs to parties.conf, remove the option, or choose {_choice()}",
            )
    else:
        return fate_release
    return None


def _release_of_options(options: Options) -> str | None:
    """The release that files without a tag are for, as far as their options tell."""
    versions = list(_versions(options))
    releases = {nearest(version) for version in versions}
    known = next(iter(releases), None)
    if len(releases) == 1 and known:
        own = tuple(versions) == _OWN_DEPLOYER
        options.report.taken(
            "(release)",
            known,
            f"no tag says so, but parties.conf has the options of "
            f"{f'the deployer of FATE {versions[0]}' if own else _of_kubefate(versions)}. "
            "If it is of another version, name its .env, or choose --release",
        )
        return known
    if releases == {None}:
        options.report.refuse(
            "parties.conf", None, f"is of {_of_kubefate(versions)}, {_not_deployed(versions)}"
        )
        return None
    which = f"whether parties.conf is of {_of_kubefate(versions)}" if versions else "the version"
    options.report.refuse(
        ".env",
        None,
        f"is needed to tell {which}; name it after parties.conf, or choose {_choice()}",
    )
    return None


def _versions(options: Options) -> tuple[str, ...]:
    """The versions of KubeFATE or FATE whose parties.conf has these options."""
    engines = {options.text(name).lower() for name in _ENGINES}
    if engines & _OF_FATE_2:
        return _KUBEFATE_2 if options.spelled(SERVING) in options else _OWN_DEPLOYER
    for names, versions in _MARKS:
        if any(name in options for name in names):
            if options.text("federation").lower() == "eggroll":
                return tuple(version for version in versions if version not in _KUBEFATE_2)
            return versions
    return _FIRST if options.first_spelling else ()


def _foreign(options: Options, version: str) -> Iterator[tuple[str, str]]:
    """The options that the files of a version of KubeFATE do not have, and which ones have them."""
    minor = _parts(version)[:2]
    for name, (first, last) in _GONE.items():
        if name in options and not first <= minor <= last:
            bounds = dict.fromkeys(f"v{'.'.join(map(str, bound))}" for bound in (first, last))
            yield name, " to ".join(bounds)


def _spelled_for(options: Options, release: str) -> bool:
    """Whether the lists are spelled as in KubeFATE's files for a release."""
    line = lines.of(catalogue.load(release)).from_kubefate
    return line is not None and options.first_spelling == line.first_spelling


def _not_deployed(versions: list[str]) -> str:
    """What to do about versions of FATE of which no release can be deployed."""
    minors = dict.fromkeys(".".join(version.split(".")[:2]) for version in versions)
    major = versions[0].split(".")[0]
    newest = [name for name in _deployable() if name.split(".")[0] == major][-1:]
    why = f"and no release of FATE {_listed(list(minors))} can be deployed"
    if not newest:
        return f"{why}; choose {_choice()}"
    return (
        f"{why}; add --release {newest[0]} to deploy the newest release of FATE {major} instead, "
        f"or choose another one: {', '.join(_deployable())} (docs/from-kubefate.md compares them)"
    )


def _choice() -> str:
    return f"one with --release: {', '.join(_deployable())}"


def _of_kubefate(versions: list[str]) -> str:
    return f"KubeFATE {_listed([f'v{version}' for version in versions])}"


def _listed(names: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
