"""The changes that an operator can make, and what each of them touches.

docs/operations.md shows this table, and the tests hold the engine to it.
"""

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Config = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A change to the stack file of two parties of FATE 1.3.0 on one Docker host.

    Args:
        name: what the operator does.
        change: the change, on top of the ones before it.
        touched: the operation on each resource, by patterns of logical names.
    """

    name: str
    change: Callable[[Config], object]
    touched: dict[str, str]

    def operation(self, resource: str) -> str | None:
        """The operation that is expected on a resource, by the first pattern that fits."""
        for pattern, operation in self.touched.items():
            if fnmatch.fnmatchcase(resource, pattern):
                return operation
        return None


def _party(index: int, **values: object) -> Callable[[Config], object]:
    return lambda config: config["fate:parties"][index].update(values)


def _training(index: int, **values: object) -> Callable[[Config], object]:
    return lambda config: config["fate:parties"][index]["training"].update(values)


def _set(**values: object) -> Callable[[Config], object]:
    return lambda config: config.update({f"fate:{key}": value for key, value in values.items()})


CHANGES: list[Change] = [
    Change("change nothing", lambda config: None, {}),
]
