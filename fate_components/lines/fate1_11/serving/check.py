"""Checks a party's serving cluster after an `up`. Run with -m."""

from collections.abc import Iterator

import yaml

from ....docker.client.containers import Containers
from ....party.files import ROOT
from ....serving import check
from ....serving.check import ServingFacts
from .home import HOME
from .return_codes import CODES


def _servings(training: Containers) -> list[str]:
    conf = training.exec("fateflow", ["cat", f"{ROOT}/conf/service_conf.yaml"]).stdout
    servings = (yaml.safe_load(conf) or {}).get("servings") or {}
    return list(servings.get("hosts") or ())


_FACTS = ServingFacts(CODES, HOME, "fateflow", _servings)


def broken(serving: Containers, training: Containers | None) -> Iterator[str]:
    """Each way that does not work.

    Args:
        serving: the party's serving cluster.
        training: its training cluster, if it has one.
    """
    return check.broken(serving, training, _FACTS)


def main() -> None:
    """Run the check; exit with 1 and every broken way if one stays broken."""
    check.run(str(__doc__), _FACTS)


if __name__ == "__main__":
    main()
