"""The formats of FATE's configuration files."""

import json
from collections.abc import Mapping

import yaml

ROOT = "/data/projects/fate"
"""The folder that contains FATE in its images."""


def properties(values: Mapping[str, object]) -> str:
    """A Java properties file. Values must not need escaping: paths, names, numbers, passwords."""
    return "".join(f"{key}={value}\n" for key, value in values.items())


def json_text(value: object) -> str:
    """A JSON file that keeps the given order, which matters in route tables."""
    return json.dumps(value, indent=2) + "\n"


def yaml_text(value: object) -> str:
    """A YAML file that keeps the given order."""
    return yaml.safe_dump(value, sort_keys=False)
