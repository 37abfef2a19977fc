"""KubeFATE's engines as those of a stack file."""

from ..releases.facts import SupportedEngines
from .options import Options

_KEYS = ("computing", "federation", "storage")


def only_eggroll(options: Options, release: str, chosen: str | None) -> None:
    """Report the engines for a release without a choice of them.

    Args:
        options: the options.
        release: the release's name.
        chosen: the computing engine that the operator chose, if any.
    """
    only = f"FATE {release} has Eggroll only"
    if chosen is not None:
        options.report.refuse("--engines", chosen, f"{only}; leave it out")
    for key in _KEYS:
        if options.text(key, "eggroll").lower() in ("eggroll", "osx"):
            options.taken(key, only)
        else:
            options.refuse(
                key, f"{only}; write {key}=Eggroll, or choose another release by --release"
            )


def chosen_engines(options: Options, facts: SupportedEngines, chosen: str | None) -> dict[str, str]:
    """The value of fate:engines; engines that this project lacks are refused.

    Args:
        options: the options.
        facts: the engines that the release can be deployed with.
        chosen: the computing engine to deploy instead of the file's, if the operator chose one.
    """
    if chosen is not None and chosen not in facts.computing:
        options.report.refuse("--engines", chosen, f"choose {_or(facts, '--engines ')}")
        return {}
    computing = chosen or options.text("computing", next(iter(facts.computing))).lower()
    fitting = [name for name, some in facts.federation.items() if computing in some]
    written = _federation(options)
    keeps = chosen is None and written in fitting
    found = {
        "computing": computing,
        "federation": written if keeps else next(iter(fitting or facts.federation)),
    }
    if options.first_spelling:
        options.report.left(
            "(engines)",
            "Eggroll",
            f"FATE 2 runs with {found['computing']} and {found['federation']}. "
            f"{'. '.join(_CONSEQUENCES.values())}",
        )
    if chosen:
        for key, value in {**found, "storage": facts.computing[chosen][0]}.items():
            if options.text(key).lower() == value:
                options.taken(key, f"fate:engines.{key}: {value}")
            else:
                options.left(key, f"--engines replaces it by {value}. {_CONSEQUENCES[key]}")
        return found
    stores = facts.computing.get(found["computing"], ())
    for key, supported in (
        ("computing", tuple(facts.computing)),
        ("federation", tuple(fitting or facts.federation)),
        ("storage", stores),
    ):
        value = _federation(options) if key == "federation" else options.text(key).lower()
        if value in supported or key not in options:
            options.taken(key, f"fate:engines.{key}: {value}")
            if key == "storage" and value in supported[1:]:
                found[key] = value
        elif key != "storage" or stores:
            options.refuse(
                key,
                f"is not supported; choose other engines with {_or(facts, '--engines ')}. "
                f"{_CONSEQUENCES[key]}",
            )
        else:
            options.left(key, "storage depends on the computing engine, which is refused")
    return found


_CONSEQUENCES = {
    "computing": "Jobs run in FATE Flow's container, or with spark in those of Spark workers, on "
    "one machine per party",
    "federation": "All parties must change at the same time. With RabbitMQ they call each other's "
    "ports 5672, 9300 and 9310 instead of 9370",
    "storage": "Data must be uploaded again",
}


def _federation(options: Options) -> str:
    """The federation engine in the files: what FATE 1.11 calls Eggroll's is OSX in FATE 2."""
    found = options.text("federation").lower()
    return "osx" if found == "eggroll" else found


def _or(facts: SupportedEngines, before: str) -> str:
    return " or ".join(f"{before}{name}" for name in facts.computing)
