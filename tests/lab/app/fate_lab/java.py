"""The `java` of the lab images: checks the command line and files, then runs the service.

It accepts the command lines of FATE's own Dockerfiles, and checks the files that those JVMs load.
"""

from __future__ import annotations

import glob
import importlib
import os
import re
import sys

from .protocol import exit_on_sigterm
from .serving21 import command as serving21
from .strictconf import PROJECT, ConfError, read


def _training(name: str) -> tuple[str, ...]:
    return f"applicationContext-{name}.xml", "log4j2.properties"


# main class -> (module here, its jar, the files of the image that the JVM reads from conf/)
_SERVICES = {
    "com.webank.ai.fate.networking.Proxy": ("proxy", "fate-proxy.jar", _training("proxy")),
    "com.webank.ai.fate.driver.Federation": (
        "federation", "fate-federation.jar", _training("federation"),
    ),
    "com.webank.ai.eggroll.framework.Roll": ("roll", "fate-roll.jar", _training("roll")),
    "com.webank.ai.eggroll.framework.MetaService": (
        "meta_service", "fate-meta-service.jar", _training("meta-service"),
    ),
    "com.webank.ai.eggroll.framework.egg.Egg": ("egg", "eggroll-egg.jar", _training("egg")),
    "com.webank.ai.fate.serving.ServingServer": (
        "serving_server", "fate-serving-server.jar", ("log4j2.xml",),
    ),
    "com.webank.ai.fate.serving.proxy.bootstrap.Bootstrap": (
        "serving_proxy", "fate-serving-proxy.jar", ("log4j2.xml",),
    ),
}  # fmt: skip
# The same of FATE 2: main class -> what must be on the class path, and the folder it runs in
_FATE2 = {
    "org.fedai.osx.broker.Bootstrap": (("conf/broker/", "lib/*", "pb_lib/v3/*"), "osx"),
    "org.fedai.eggroll.clustermanager.Bootstrap": (("lib/*",), "eggroll"),
    "org.fedai.eggroll.nodemanager.Bootstrap": (("lib/*",), "eggroll"),
}
# The same of FATE 1.11: what its Bootstrap starts, and rollsite, which has a main class of its own
_BOOTSTRAP = "com.webank.eggroll.core.Bootstrap"
_FATE1_11 = {
    "com.webank.eggroll.rollsite.EggSiteBootstrap": "rollsite",
    "com.webank.eggroll.core.resourcemanager.ClusterManagerBootstrap": "clustermanager",
    "com.webank.eggroll.core.resourcemanager.NodeManagerBootstrap": "nodemanager",
}
_VM_OPTION = re.compile(r"-X[A-Za-z].*|-XX:.*|-D[^=]+=.*|-verbose:gc|-server")


def main(arguments: list[str]) -> None:
    exit_on_sigterm()
    try:
        if serving21.is_ours(arguments):
            return serving21.run(arguments)
        if found := [word for word in arguments if word in _FATE2]:
            return _fate2(found[0], arguments)
        if any(word in (*_FATE1_11, _BOOTSTRAP) for word in arguments):
            return _fate1_11(arguments)
        module, settings = _command_line(arguments)
        importlib.import_module(f".{module}", __package__).main(settings)
    except ConfError as error:
        print(f"fate-lab: {error}", file=sys.stderr, flush=True)
        sys.exit(2)


def _fate2(name: str, arguments: list[str]) -> None:
    """Runs OSX or a part of Eggroll."""
    from .fate2 import eggroll, osx

    at = arguments.index(name)
    options, left = arguments[:at], arguments[at + 1 :]
    needed, folder = _FATE2[name]
    paths = options[options.index("-cp") + 1].split(":") if "-cp" in options else []
    if missing := [path for path in needed if path not in paths]:
        raise ConfError("java", "-cp", f"NoClassDefFoundError: {name} needs {', '.join(missing)}")
    home = f"{PROJECT}/{folder}"
    if os.getcwd() != home:
        raise ConfError("java", "-cp", f"is relative, but this is {os.getcwd()}, not {home}")
    for option in options:
        for file in re.findall(r"^-Dlog4j.configurationFile=(.*)", option):
            for one in file.split(","):
                read(one)
    words = dict(zip(left[::2], left[1::2], strict=False))
    if name.startswith("org.fedai.osx"):
        if left != ["-c", f"{home}/conf"]:
            raise ConfError("java", "-c", f"must be {home}/conf, the folder")
        return osx.main(words["-c"])
    module = name.split(".")[3]
    if words.keys() != {"-p", "-s", "-c"}:
        raise ConfError("java", "", "usage: java … -p PORT -s NAME -c FILE")
    if os.environ.get("module") != module:  # noqa: SIM112 - the real one's name
        raise ConfError("java", "", f"the log files are named by the variable module: set {module}")
    run = eggroll.cluster_manager if module == "clustermanager" else eggroll.node_manager
    return run(os.path.abspath(words["-c"]), words["-p"])


def _fate1_11(arguments: list[str]) -> None:
    """Runs a part of Eggroll 2.5, whose properties have paths relative to its home."""
    from .fate1_11 import clustermanager, log4j, nodemanager, rollsite

    at = next(n for n, word in enumerate(arguments) if word in (*_FATE1_11, _BOOTSTRAP))
    name, options, left = arguments[at], arguments[:at], arguments[at + 1 :]
    home = f"{PROJECT}/eggroll"
    if os.getcwd() != home:
        raise ConfError(
            "java", "", f"the paths are relative, but this is {os.getcwd()}, not {home}"
        )
    paths = options[options.index("-cp") + 1].split(":") if "-cp" in options else []
    if not any(os.path.normpath(path) in ("lib/*", f"{home}/lib/*") for path in paths):
        raise ConfError("java", "-cp", f"could not find or load main class {name} (needs lib/*)")
    words = dict(zip(left[::2], left[1::2], strict=False))
    name = words.pop("--bootstraps", "") if name == _BOOTSTRAP else name
    service = _FATE1_11.get(name)
    if service is None:
        raise ConfError("java", "--bootstraps", f"ClassNotFoundException: {name}")
    if "-c" not in words or not words.keys() <= {"-c", "-p", "-s"}:
        raise ConfError("java", "", "usage: java … [-p PORT] [-s NAME] -c FILE")
    configured = [one for one in options if one.startswith("-Dlog4j.configurationFile=")]
    for option in configured:
        log4j.apply(os.path.abspath(option.partition("=")[2]))
    path = os.path.abspath(words["-c"])
    if service == "rollsite":
        return rollsite.main(path)
    run = clustermanager.main if service == "clustermanager" else nodemanager.main
    return run(path, words.get("-p", ""))


def _command_line(arguments: list[str]) -> tuple[str, str]:
    """The module to run and its settings file."""
    properties: dict[str, str] = {}
    class_path = ""
    left = list(arguments)
    while left:
        word = left.pop(0)
        if word in ("-cp", "-classpath") and left:
            class_path = left.pop(0)
        elif word == "-jar" and left:
            settings = _jar(left, properties)
            return ("fate1_11.board" if _is_board1_11() else "fateboard"), settings
        elif _VM_OPTION.fullmatch(word):
            name, _, value = word.removeprefix("-D").partition("=")
            properties[name] = value
        elif word in _SERVICES:
            module, settings = _main_class(word, class_path, left)
            if module == "serving_proxy":
                settings = _spring_settings(settings, properties)
            return module, settings
        else:
            raise ConfError("java", "", f"could not find or load main class {word}")
    raise ConfError("java", "", "no main class and no -jar")


def _main_class(name: str, class_path: str, left: list[str]) -> tuple[str, str]:
    module, jar, files = _SERVICES[name]
    paths = class_path.split(":")
    if jar not in paths or not os.path.exists(jar):
        raise ConfError("java", "", f"could not find or load main class {name} (needs {jar})")
    if "lib/*" not in paths or not glob.glob("lib/*.jar"):
        raise ConfError("java", "", "NoClassDefFoundError: org/apache/logging/log4j (needs lib/*)")
    folder = next((path for path in paths if path.rstrip("/") == "conf"), None)
    if folder is None:
        raise ConfError("java", "", "conf/ is not on the class path")
    for file in files:
        if not read(os.path.abspath(os.path.join("conf", file))).strip():  # shadowed by a mount?
            raise ConfError(os.path.abspath(f"conf/{file}"), "", "is empty")
    if len(left) != 2 or left[0] not in ("-c", "--config"):
        raise ConfError("java", "", f"usage: java … {name} -c FILE")
    return module, os.path.abspath(left[1])


def _spring_settings(settings: str, properties: dict[str, str]) -> str:
    """serving-proxy is a Spring Boot program: it ignores -c, reads conf/ on the class path, and
    ignores a spring.config.location that does not exist, as in the image's own command."""
    on_class_path = os.path.abspath("conf/application.properties")
    if settings != on_class_path:
        raise ConfError("java", "-c", f"is not read; the settings are in {on_class_path}")
    location = properties.get("spring.config.location", "")
    return location if os.path.isfile(location) else on_class_path


def _jar(left: list[str], properties: dict[str, str]) -> str:
    """FATE Board: the path of its settings is a system property, as in Spring Boot."""
    if left != ["fateboard.jar"] or not os.path.exists("fateboard.jar"):
        raise ConfError("java", "", f"unable to access jarfile {' '.join(left)}")
    ssh = properties.get("ssh_config_file", "")
    if not os.path.isdir(ssh):
        raise ConfError("java", "-Dssh_config_file", f"no such directory: {ssh!r}")
    return properties.get("spring.config.location", os.path.abspath("conf/application.properties"))


def _is_board1_11() -> bool:
    return "-1.11." in os.path.basename(os.path.realpath("fateboard.jar"))


if __name__ == "__main__":
    main(sys.argv[1:])
