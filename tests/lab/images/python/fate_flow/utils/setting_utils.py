"""Looks up a setting in a server_conf.json (the real one also queries ZooKeeper)."""

# mypy: disable-error-code="import-not-found"

from typing import Any

from arch.api.utils import file_utils


class CenterConfig:
    @staticmethod
    def get_settings(path: str, server_conf_path: str, **_: object) -> Any:
        value = file_utils.load_json_conf(server_conf_path)
        for name in path.strip("/").split("/"):
            value = value.get(name)
        return value
