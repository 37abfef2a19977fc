"""The syntaxes of FATE's configuration files."""

import json
from collections.abc import Mapping

import yaml

ROOT = "/data/projects/fate"
"""Where everything of FATE lies in its images."""


def properties(values: Mapping[str, object]) -> str:
    """A Java properties file. Values must need no escaping: paths, names, numbers, passwords."""
    return "".join(f"{key}={value}\n" for key, value in values.items())


def json_text(value: object) -> str:
    """A JSON file, in the order given: it matters in route tables."""
    return json.dumps(value, indent=2) + "\n"


def yaml_text(value: object) -> str:
    """A YAML file, in the order given."""
    return yaml.safe_dump(value, sort_keys=False)
