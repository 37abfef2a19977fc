"""The stack file that is written for KubeFATE's files, with what its operator must know."""

import json
import textwrap
from collections.abc import Mapping
from typing import Any

import yaml

from ..settings.errors import Mistake, SettingsError
from ..stack_file import COMMENT, parse
from . import options as names
from .options import Options

_MASTER_SECRET = "fate:masterSecret"  # noqa: S105 - a key, not a secret
_PARTIES = "fate:parties"
# Stands for those that the operator sets.
_ASSUMED = "0123456789abcdef"
_KUBEFATE_OPTIONS = {
    "hosts": names.ADDRESSES,
    "parties": names.PARTIES,
    "peers": names.ADDRESSES,
    "exchange": ("exchangeip", "exchangeip"),
    "registry": ("RegistryURI", "RegistryURI"),
}
_OF_MYSQL: Mapping[str | int, str] = {"user": "mysql_user", "database": "mysql_db"}


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def render(config: Mapping[str, Any], stack: str) -> str:
    """The text of a stack file.

    Args:
        config: its config, by full key.
        stack: the stack's name.
    """
    parties = "all" if "fate:peers" not in config else "PARTY (each party below)"
    external = _EXTERNAL.format(stack=stack) if _external(config) else ""
    text = COMMENT + _comment(_HEADER.format(stack=stack, parties=parties, external=external))
    text += "config:\n"
    for key, value in config.items():
        if comment := _COMMENTS.get(key):
            text += textwrap.indent(_comment(comment), "  ")
        # Maps and lists that contain no others are written on one line.
        flow = False if isinstance(value, str) else None
        written = yaml.dump(
            {key: value}, Dumper=_Dumper, sort_keys=False, default_flow_style=flow, width=100
        )
        text += textwrap.indent(written, "  ")
    return text


def mistakes(text: str, stack: str) -> tuple[Mistake, ...]:
    """What the program would reject in a stack file, given a master secret.

    Args:
        text: the stack file.
        stack: the stack's name.
    """
    config = {_MASTER_SECRET: _ASSUMED, **yaml.safe_load(text)["config"]}
    for mysql in _external(config):
        mysql["password"] = _ASSUMED
    as_engine = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }
    try:
        parse(as_engine, {_MASTER_SECRET, _PARTIES}, stack)
    except SettingsError as error:
        return error.mistakes
    return ()


def refuse(options: Options, mistake: Mistake) -> None:
    """Report a mistake at the KubeFATE option that it comes from.

    Args:
        options: the options in KubeFATE's files.
        mistake: the mistake in the stack file.
    """
    if "mysql" in mistake.where:
        options.refuse(_OF_MYSQL.get(mistake.where[-1], "mysql_ip"), str(mistake))
        return
    spellings = _KUBEFATE_OPTIONS.get(str(mistake.where[0]))
    way_out = "; or use another name for --stack" if mistake.where[-1] == "subnet" else ""
    if spellings:
        options.refuse(options.spelled(spellings), f"{mistake}{way_out}")
    else:
        options.report.refuse("(stack file)", None, f"{mistake}{way_out}")


def _external(config: Mapping[str, Any]) -> list[dict[str, str]]:
    """The external MySQL of each party that has one."""
    servers = [party.get("training", {}).get("mysql") for party in config[_PARTIES]]
    return [mysql for mysql in servers if mysql]


def _comment(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.strip().splitlines())


_HEADER = """
Written by `fatectl import` from KubeFATE's files. docs/from-kubefate.md explains every option.

Before the first `pulumi up`:
  1. pulumi stack init {stack}
  2. pulumi config set --stack {stack} --secret fate:masterSecret "$(openssl rand -hex 32)"
  3. Stop KubeFATE's containers, which have the same ports: bash docker_deploy.sh --delete {parties}
{external}
What is different from KubeFATE:
  - Passwords are derived from fate:masterSecret. KubeFATE's are not used, because they were in
    plain text.
  - Only the ports that other parties call are open to other machines, and those that a party's own
    clusters call if they are on two machines. All others are bound to 127.0.0.1.
  - Data is kept in Docker volumes. What KubeFATE has in its folder stays there and is not used. If
    you need it, read Taking over the data in docs/from-kubefate.md before step 3.

With `fate:verify: true` every `pulumi up` ends with a toy job between the parties.
"""

_EXTERNAL = """\
  4. Set the password of the account in your MySQL:
     pulumi config set --stack {stack} --secret --path 'fate:parties[0].training.mysql.password' …
     Use an empty database (training.mysql.database): FATE does not convert older tables.
"""

_COMMENTS = {
    "fate:hosts": """
SSH uses your agent, ~/.ssh/config and known hosts, without passwords. For the machine that runs
Pulumi use {docker: "unix:///var/run/docker.sock", address: ITS-ADDRESS}.
""",
    "fate:parties": """
To open a port to other machines:  training: {publish: {fateflow-http: "0.0.0.0:9380"}}
To set a password of your own:
  pulumi config set --secret --path 'fate:parties[0].training.mysql.password' …
""",
    "fate:peers": """
Parties that others run: they get routes here and nothing else.
""",
    "fate:exchange": """
Each party knows only the exchange, and the exchange knows every party.
""",
    "fate:engines": """
All parties that work together must use the same federation engine.
""",
    "fate:registry": """
All images come from here, including mysql. If it requires a login, set fate:registries.
""",
}
