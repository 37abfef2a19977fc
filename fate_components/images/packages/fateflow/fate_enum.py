"""Pickles enum members as Python before 3.11 did: as a call of their class.

Python 3.11 pickles them as builtins.getattr(class, name), which FATE's unpickler rejects (it allows
only a few names). SecureBoost sends such members to the other party and would fail.
"""

import enum


def _reduce(self: enum.Enum, protocol: int) -> tuple[type, tuple[object]]:
    return self.__class__, (self._value_,)


enum.Enum.__reduce_ex__ = _reduce  # type: ignore[method-assign, assignment]
