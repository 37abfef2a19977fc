"""KubeFATE's engines as those of a stack file."""

from ..releases import catalogue
from ..releases.facts import SupportedEngines
from .options import Options

_KEYS = ("computing", "federation", "storage")
# One option for all three: v1.5 knows eggroll and spark, v1.6 to v1.8 the others.
_BACKENDS = ("computing_backend", "backend")
_OF_BACKEND = {
    "eggroll": ("eggroll", "eggroll", "eggroll"),
    "spark": ("spark", "rabbitmq", "hdfs"),
    "spark_rabbitmq": ("spark", "rabbitmq", "hdfs"),
    "spark_pulsar": ("spark", "pulsar", "hdfs"),
    "spark_local_pulsar": ("spark_local", "pulsar", "localfs"),
}


class _Written:
    """The engines in the files, in small letters; "" if they are not there.

    Args:
        options: the options.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self.backend = next((name for name in _BACKENDS if name in options), "")
        self.engines = {key: options.text(key).lower() for key in _KEYS}
        if self.backend:
            value = options.text(self.backend).lower()
            self.engines |= dict(zip(_KEYS, _OF_BACKEND.get(value, (value, "", "")), strict=True))

    def option(self, key: str) -> str:
        """The option that sets an engine."""
        return self.backend if self.backend and key not in self._options else key

    def with_eggroll(self, option: str) -> str:
        """An option with Eggroll as its value, as KubeFATE writes it."""
        return f"{option}={'eggroll' if option == self.backend else 'Eggroll'}"


def only_eggroll(options: Options, release: str, chosen: str | None) -> None:
    """Report the engines for a release without a choice of them.

    Args:
        options: the options.
        release: the release's name.
        chosen: the computing engine that the operator chose, if any.
    """
    only = f"a stack of FATE {release} has Eggroll only"
    if chosen not in (None, "eggroll"):
        options.report.refuse("--engines", chosen, f"{only}; leave it out")
    written = _Written(options)
    refused = set()
    for key, value in written.engines.items():
        option = written.option(key)
        if value in ("", "eggroll", "osx"):
            options.taken(key, only)
        elif option not in refused:
            refused.add(option)
            options.refuse(
                option,
                f"{only}; write {written.with_eggroll(option)}, or choose {_with(key, value)}",
            )
    if written.backend and written.backend not in refused:
        options.taken(written.backend, only)


def chosen_engines(
    options: Options, release: str, facts: SupportedEngines, chosen: str | None
) -> dict[str, str]:
    """The value of fate:engines; engines that this project lacks are refused.

    Args:
        options: the options.
        release: the release's name.
        facts: the engines that the release can be deployed with.
        chosen: the computing engine to deploy instead of the file's, if the operator chose one.
    """
    if chosen is not None and chosen not in facts.computing:
        options.report.refuse("--engines", chosen, f"choose {_or(facts, '--engines ')}")
        return {}
    written = _Written(options)
    engines = {**written.engines, "federation": _federation(written, facts)}
    computing = chosen or engines["computing"] or next(iter(facts.computing))
    fitting = [name for name, some in facts.federation.items() if computing in some]
    keeps = chosen is None and engines["federation"] in fitting
    setting = {
        "computing": computing,
        "federation": engines["federation"] if keeps else next(iter(fitting or facts.federation)),
    }
    if not any(engines.values()):
        options.report.left(
            "(engines)",
            "Eggroll",
            f"FATE {release} runs with {setting['computing']} and {setting['federation']}. "
            f"{'. '.join(_CONSEQUENCES.values())}",
        )
    if chosen:
        stored = facts.computing[chosen][0]
        for key, value in {**setting, "storage": stored}.items():
            if options.text(key).lower() == value:
                options.taken(key, f"fate:engines.{key}: {value}")
            else:
                options.left(key, f"--engines replaces it by {value}. {_CONSEQUENCES[key]}")
        if written.backend:
            options.left(
                written.backend,
                f"--engines replaces it by {setting['computing']}, {setting['federation']} and "
                f"{stored}. {'. '.join(_CONSEQUENCES.values())}",
            )
        return setting
    stores = facts.computing.get(setting["computing"], ())
    refused = set()
    for key, supported in (
        ("computing", tuple(facts.computing)),
        ("federation", tuple(fitting or facts.federation)),
        ("storage", stores),
    ):
        value, option = engines[key], written.option(key)
        if value in supported or option not in options:
            options.taken(key, f"fate:engines.{key}: {value}")
            if key == "storage" and value in supported[1:]:
                setting[key] = value
        elif key != "storage" or stores:
            refused.add(option)
            options.refuse(
                option,
                f"is not supported; choose other engines with {_or(facts, '--engines ')}. "
                f"{_CONSEQUENCES[key]}",
            )
        else:
            options.left(key, "storage depends on the computing engine, which is refused")
        if option in refused and option == written.backend:
            break
    if written.backend and written.backend not in refused:
        options.taken(
            written.backend,
            "fate:engines: {"
            + ", ".join(f"{key}: {value}" for key, value in setting.items())
            + "}",
        )
    return setting


_CONSEQUENCES = {
    "computing": "Jobs run in FATE Flow's container, or with spark in those of Spark workers, on "
    "one machine per party",
    "federation": "All parties must change at the same time. With RabbitMQ they call each other's "
    "ports 5672, 9300 and 9310 instead of 9370",
    "storage": "Data must be uploaded again",
}


def _federation(written: _Written, facts: SupportedEngines) -> str:
    """The federation engine in the files: what FATE 1 calls Eggroll's is OSX in FATE 2."""
    engine = written.engines["federation"]
    same = {"eggroll": "osx", "osx": "eggroll"}
    other = same.get(engine, "")
    return other if engine not in facts.federation and other in facts.federation else engine


def _with(key: str, value: str) -> str:
    """The releases that have an engine."""
    having = []
    for name in catalogue.known():
        facts = catalogue.load(name).engines
        if facts is None:
            continue
        stores = {store for some in facts.computing.values() for store in some}
        known = {"computing": facts.computing, "federation": facts.federation, "storage": stores}
        if value in known[key]:
            having.append(name)
    if not having:
        return "another release with --release"
    return f"a release that has {value}: {' or '.join(f'--release {name}' for name in having)}"


def _or(facts: SupportedEngines, before: str) -> str:
    return " or ".join(f"{before}{name}" for name in facts.computing)
