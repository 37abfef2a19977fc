"""Checks a party's serving cluster after an `up`. Run with -m."""

import json
from collections.abc import Iterator

from ....docker.client.containers import Containers
from ....party.files import ROOT
from ....serving import check
from ....serving.check import ServingFacts
from .return_codes import CODES


def _servings(training: Containers) -> list[str]:
    conf = training.exec("python", ["cat", f"{ROOT}/python/arch/conf/server_conf.json"]).stdout
    return list(json.loads(conf or "{}").get("servers", {}).get("servings", []))


_FACTS = ServingFacts(CODES, ROOT, "python", _servings)


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
