"""KubeFATE's engines as those of a stack file."""

from .. import release as catalogue
from .options import Options

_KEYS = ("computing", "federation", "storage")


def fate1(options: Options, chosen: str | None) -> None:
    """Report the engines for FATE 1.3, which has Eggroll only.

    Args:
        options: the options.
        chosen: the computing engine that the operator chose, if any.
    """
    if chosen is not None:
        options.report.refuse("--engines", chosen, "FATE 1.3 has Eggroll only; leave it out")
    for key in _KEYS:
        if options.text(key, "eggroll").lower() in ("eggroll", "osx"):
            options.taken(key, "FATE 1.3 has Eggroll only: roll, eggs, federation and proxy")
        else:
            options.refuse(
                key,
                f"FATE 1.3 has Eggroll only; write {key}=Eggroll, or choose FATE 2 by --release",
            )


def fate2(options: Options, facts: catalogue.Engines, chosen: str | None) -> dict[str, str]:
    """The value of fate:engines for FATE 2; engines that this project lacks are refused.

    Args:
        options: the options.
        facts: the engines that the release can be deployed with.
        chosen: the computing engine to deploy instead of the file's, if the operator chose one.
    """
    if chosen is not None and chosen not in facts.computing:
        options.report.refuse("--engines", chosen, f"choose {_or(facts, '--engines ')}")
        return {}
    found = {
        "computing": chosen or options.text("computing", next(iter(facts.computing))).lower(),
        "federation": facts.federation[0],
    }
    if options.first_spelling:
        options.report.left(
            "(engines)",
            "Eggroll",
            f"FATE 2 runs with {found['computing']} and {found['federation']}. "
            f"{'. '.join(_CONSEQUENCES.values())}",
        )
    if chosen:
        fitting = facts.computing[chosen][0]
        for key, value in {**found, "storage": fitting}.items():
            if options.text(key).lower() == value:
                options.taken(key, f"fate:engines.{key}: {value}")
            else:
                options.left(key, f"--engines replaces it by {value}. {_CONSEQUENCES[key]}")
        return found
    stores = facts.computing.get(found["computing"], ())
    for key, supported in (
        ("computing", tuple(facts.computing)),
        ("federation", facts.federation),
        ("storage", stores),
    ):
        if options.text(key).lower() in supported or key not in options:
            options.taken(key, f"fate:engines.{key}: {options.text(key).lower()}")
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
    "federation": "All parties must change at the same time, and reach each other's RabbitMQ and "
    "nginx (ports 5672, 9300 and 9310) instead of 9370",
    "storage": "Data must be uploaded again",
}


def _or(facts: catalogue.Engines, before: str) -> str:
    return " or ".join(f"{before}{name}" for name in facts.computing)
