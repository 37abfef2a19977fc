"""What the images of FATE Serving 2.1 are like inside."""

from collections.abc import Mapping

from ....docker.service import File
from ....party.files import properties

HOME = "/data/projects/fate-serving"
"""The folder that contains FATE Serving in its images."""
# The images' own configuration writes files as well, one a day, and never deletes any.
_LOGGING = """<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="ERROR">
  <Appenders>
    <Console name="console" target="SYSTEM_OUT">
      <PatternLayout charset="UTF-8" pattern="%d{ISO8601} [%-5p] %c{1.}(%F:%L) - %m%n"/>
    </Console>
  </Appenders>
  <Loggers>
    <Logger name="org.apache.zookeeper" level="WARN"/>
    <Root level="info" includeLocation="true">
      <AppenderRef ref="console"/>
    </Root>
  </Loggers>
</Configuration>
"""
# What the Dockerfiles of FATE Serving v2.1.6 start.
_SPRING = "-Dspring.config.location=conf/application.properties "
_JAVA = {
    "serving-server": "-cp 'conf/:lib/*:extension/*:fate-serving-server.jar' "
    "com.webank.ai.fate.serving.Bootstrap",
    "serving-proxy": f"{_SPRING}-cp 'conf/:lib/*:fate-serving-proxy.jar' "
    "com.webank.ai.fate.serving.proxy.bootstrap.Bootstrap",
    "serving-admin": f"{_SPRING}-cp 'conf/:lib/*:fate-serving-admin.jar' "
    "com.webank.ai.fate.serving.admin.Bootstrap",
}


def folder(service: str) -> str:
    """The folder of one of its services."""
    return f"{HOME}/{service}"


def conf(service: str) -> str:
    """The folder with the configuration of one of its services."""
    return f"{folder(service)}/conf"


def start(service: str, before: str = "") -> list[str]:
    """The command line of one of its services, whose paths are relative to its folder.

    With the image's own, a shell stands in between and keeps signals from the service.

    Args:
        service: the service.
        before: shell commands to begin with.
    """
    return ["sh", "-c", f"cd {folder(service)} && {before}exec java {_JAVA[service]}"]


def files(service: str, values: Mapping[str, object], secret: bool = False) -> list[File]:
    """The files of one of its services: its properties, and where it logs.

    Args:
        service: the service.
        values: the properties.
        secret: whether there is a password among them.
    """
    # They are found on the class path by these names.
    name = "serving-server" if service == "serving-server" else "application"
    return [
        File(f"{conf(service)}/{name}.properties", properties(values), secret=secret),
        File(f"{conf(service)}/log4j2.xml", _LOGGING),
    ]
