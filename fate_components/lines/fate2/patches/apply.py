"""Patches FATE's own code inside its container, before FATE starts: apply.py PATCHES.JSON

A module that is not the one that a patch was written for stays as it is, and the container's log
says so. This runs with FATE's Python, 3.8 or newer, and never keeps FATE from starting.
"""

import hashlib
import json
import os
import shutil
import sys
from typing import Any


def find(module: str) -> str:
    """The file that Python imports a module from, found without importing it.

    Raises:
        ValueError: there is none.
    """
    for folder in sys.path:
        file = os.path.join(folder, *module.split(".")) + ".py"
        if os.path.isfile(file):
            return file
    raise ValueError("there is no such module")


def patched(text: str, change: Any) -> str:
    """A module's text with a change.

    Raises:
        ValueError: the module is not the one that the change was written for.
    """
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    if change["sha256"] and digest not in change["sha256"]:
        raise ValueError("it is not FATE's file that the patch is for; its SHA-256 is " + digest)
    for old, new, count in change["replace"]:
        if text.count(old) != count:
            raise ValueError(f"it has {text.count(old)} times {old!r}, not {count} times")
        text = text.replace(old, new)
    return text + str(change["append"])


def apply(change: Any) -> str:
    """Apply a change, unless it has been applied before; returns what was done."""
    file = None
    end = "\n# Patched: {}\n".format(change["patch"])
    try:
        file = find(change["module"])
        with open(file, encoding="utf-8", newline="") as module:
            text = module.read()
        if text.endswith(end):
            return f"is in {file}"
        text = patched(text, change) + end
        # Whole or not at all, even if the container is killed.
        with open(file + ".patched", "w", encoding="utf-8", newline="") as module:
            module.write(text)
        shutil.copymode(file, file + ".patched")
        os.replace(file + ".patched", file)
    except (OSError, ValueError) as error:
        return "is left out of {}: {}".format(file or change["module"], error)
    return f"is now in {file}"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as patches:
        for one in json.load(patches):
            print("patch {} {}".format(one["patch"], apply(one)), flush=True)
