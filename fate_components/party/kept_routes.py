"""The routes that a proxy of FATE 1.3 keeps after its route table has changed. Run with -m.

The proxy rereads its table every minute, but never forgets where it has sent something once: it
keeps the endpoint of each topic (ConfFileBasedFdnRouter.topicEndpointMapping, FATE v1.3.0). The
topics of FATE Flow's calls contain the job's id, so they follow the table. Those of federation
name a party and a role: after the party's route has changed, jobs hang in their first exchange of
values. Only a restart makes the proxy forget.

As a program it reads a list of two route tables, the one that was delivered last and the next one,
and prints what `outdated` finds.
"""

import json
import sys
from collections.abc import Sequence

DEFAULT = "default"
EVERY = "every party"
"""What is outdated if a route table cannot be read."""


def outdated(before: str, after: str) -> list[str]:
    """The parties, or the default, whose route in one table is not the same in the next.

    A party that only the next table has is none of them: nothing was sent to it before.

    Args:
        before: the table that a proxy may have used.
        after: the table that it is to use.
    """
    return _outdated(f"[{before}, {after}]")


def _outdated(tables: str) -> list[str]:
    """What is outdated by the second of two route tables."""
    try:
        old, new = (dict(table["route_table"]) for table in json.loads(tables))
    except (ValueError, KeyError, TypeError):
        return [EVERY]
    return [party for party, route in old.items() if new.get(party) != route]


def recorded(record: str | None) -> list[str]:
    """What `outdated` has found, as the program has written it into a container.

    Args:
        record: the file's content; None if it cannot be read.
    """
    return (record or EVERY).splitlines()


def called(parties: Sequence[str]) -> str:
    """What `outdated` has found, for a message: its route to party 10000, its default route."""
    if EVERY in parties:
        return "its routes"
    several = [party for party in parties if party != DEFAULT]
    parts = []
    if several:
        parts.append(f"its route{'s'[: len(several) - 1]} to party {', '.join(several)}")
    if DEFAULT in parties:
        parts.append("its default route")
    return " and ".join(parts)


def main() -> None:
    """Print which routes of the first table are not in the second, if any."""
    print("\n".join(_outdated(sys.stdin.read())))


if __name__ == "__main__":
    main()
