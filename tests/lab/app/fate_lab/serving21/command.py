"""The command lines of FATE Serving 2.1, whose paths are relative to the service's folder."""

from __future__ import annotations

import glob
import importlib
import os
import re
from xml.etree import ElementTree

from ..strictconf import ConfError, read

HOME = "/data/projects/fate-serving"
# main class -> (module here, its service, its properties)
_SERVICES = {
    "com.webank.ai.fate.serving.Bootstrap": ("server", "serving-server", "serving-server"),
    "com.webank.ai.fate.serving.proxy.bootstrap.Bootstrap": (
        "proxy", "serving-proxy", "application",
    ),
    "com.webank.ai.fate.serving.admin.Bootstrap": ("admin", "serving-admin", "application"),
}  # fmt: skip
_OPTION = re.compile(r"-X\S+|-D[^=]+=.*|-server")


def is_ours(arguments: list[str]) -> bool:
    """Whether a command line is one of FATE Serving 2.1; serving-proxy's class is that of 1.2."""
    return os.path.isdir(HOME) and any(word in _SERVICES for word in arguments)


def run(arguments: list[str]) -> None:
    """Checks the command line and what the JVM loads, and runs the service."""
    at = next(n for n, word in enumerate(arguments) if word in _SERVICES)
    name, options = arguments[at], list(arguments[:at])
    module, service, properties = _SERVICES[name]
    home = f"{HOME}/{service}"
    if os.getcwd() != home:
        raise ConfError("java", "", f"the paths are relative, but this is {os.getcwd()}")
    path = ""
    while options:
        word = options.pop(0)
        if word in ("-cp", "-classpath") and options:
            path = options.pop(0)
        elif not _OPTION.fullmatch(word):
            raise ConfError("java", "", f"could not find or load main class {word}")
    paths = path.split(":")
    jar = f"fate-{service}.jar"
    if (
        jar not in paths
        or not os.path.exists(jar)
        or "lib/*" not in paths
        or not glob.glob("lib/*")
    ):
        raise ConfError("java", "-cp", f"could not find or load main class {name} (in {path!r})")
    if paths[0].rstrip("/") != "conf":
        raise ConfError("java", "-cp", "conf/ must come first: the jar has properties, too")
    _check_logging(f"{home}/conf/log4j2.xml")
    settings = f"{home}/conf/{properties}.properties"
    adapters = "extension/*" in paths
    importlib.import_module(f".{module}", __package__).main(settings, adapters)


def _check_logging(path: str) -> None:
    """The root logger must refer to appenders that there are; of files, nobody deletes any."""
    try:
        conf = ElementTree.fromstring(read(path))
    except ElementTree.ParseError as error:
        raise ConfError(path, "", f"not XML: {error}") from None
    known = {one.get("name"): one.tag for one in conf.findall("Appenders/*")}
    used = [one.get("ref") for one in conf.findall("Loggers/*/AppenderRef")]
    if not used or any(one not in known for one in used):
        raise ConfError(path, "Loggers", f"refer to appenders {used}, there are {[*known]}")
    if "Console" not in known.values():
        raise ConfError(path, "Appenders", "log to files alone, which nobody deletes")
