import json
import os
from typing import Any


def get_project_base_directory() -> str:
    return os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


def load_json_conf(conf_path: str) -> Any:
    path = os.path.join(get_project_base_directory(), conf_path)
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise OSError(f"loading json file config from '{path}' failed: {error}") from None
