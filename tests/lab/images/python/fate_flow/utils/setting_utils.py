"""Looks a setting up in a server_conf.json (the real one also asks ZooKeeper)."""

from arch.api.utils import file_utils


class CenterConfig:
    @staticmethod
    def get_settings(path, servings_zk_path=None, use_zk=False, hosts=None, server_conf_path=""):
        value = file_utils.load_json_conf(server_conf_path)
        for name in path.strip("/").split("/"):
            value = value.get(name)
        return value
