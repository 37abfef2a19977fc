"""Stack files that cannot be deployed, and the error that each must cause.

Each case changes the good stack file, and gives the key that the error must name and words of the
remedy that it must contain.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import SecretStr

from fate_components.crypto import pki

GOOD: dict[str, Any] = yaml.safe_load(
    """
    fate:release: 1.3.0
    fate:hosts:
      a: {docker: "unix:///var/run/docker.sock"}
      b: {docker: "ssh://root@b.example.org:22"}
    fate:parties:
      - {id: 9999, host: a}
      - {id: 10000, host: a, training: {publish: {proxy: 9371, fateboard: 8081,
                                                  fateflow-grpc: 9361, fateflow-http: 9381}}}
    fate:peers:
      - {id: 10001, address: fate.example.org}
    fate:masterSecret: correct-horse-battery-staple
    """
)

GOOD_2: dict[str, Any] = {
    **GOOD,
    **yaml.safe_load(
        """
        fate:release: 2.2.0
        fate:images: packages
        fate:engines: {computing: standalone, federation: RabbitMQ, storage: standalone}
        fate:parties:
          - {id: 9999, host: a, training: {cores: 2}}
          - id: 10000
            host: a
            training:
              publish: {nginx-http: 9301, nginx-grpc: 9311, fateflow-http: 9381, notebook: 20001,
                        fateflow-grpc: 9361, rabbitmq: 5673, rabbitmq-management: 15673}
        fate:peers:
          - {id: 10001, address: fate.example.org, ports: {nginx-http: 80}}
        fate:verify: true
        """
    ),
}

Change = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Case:
    """One bad stack file.

    Args:
        name: what is wrong with it.
        change: the change that makes the good one bad.
        key: the key that the error must name.
        remedy: words that the error must contain.
        secret: whether the master secret is encrypted, as it must be.
        keys_secret: whether something in other keys is encrypted.
        engine: whether it is also run on the engine: one case for each path to an error.
    """

    name: str
    change: Change
    key: str
    remedy: str
    secret: bool = True
    keys_secret: bool = False
    engine: bool = False

    def stack_file(self) -> dict[str, Any]:
        """The bad stack file."""
        config = copy.deepcopy(GOOD)
        self.change(config)
        return config


def _set(key: str, value: object) -> Change:
    return lambda config: config.update({f"fate:{key}": value})


def _drop(key: str) -> Change:
    return lambda config: config.pop(f"fate:{key}")


def _host(name: str, **values: object) -> Change:
    return lambda config: config["fate:hosts"].setdefault(name, {}).update(values)


SERVICES = "fate:parties[0].training.services"


def _login(**values: str) -> dict[str, str]:
    return {"address": "r.example.org:5000", "user": "me", "password": "hunter2", **values}


def _logins(*logins: dict[str, str]) -> Change:
    return _set("registries", list(logins))


def _services(**services: object) -> Change:
    return _party(0, training={"services": services})


def _party(index: int, **values: object) -> Change:
    return lambda config: config["fate:parties"][index].update(values)


def _publish(index: int, **values: object) -> Change:
    return _party(index, training={"publish": {k.replace("_", "-"): v for k, v in values.items()}})


_MYSQL = {"address": "db.example.org", "password": "hunter2"}
_REDIS = {"address": "redis.example.org", "password": "hunter2"}


def _mysql(**values: object) -> Change:
    """Changes to an external MySQL; None removes a key."""
    given = {key: value for key, value in {**_MYSQL, **values}.items() if value is not None}
    return _party(0, training={"mysql": given})


def _both(*changes: Change) -> Change:
    return lambda config: [change(config) for change in changes]


def _in_2(*changes: Change) -> Change:
    """Changes to a good stack file of FATE 2."""
    return _both(lambda config: config.update(copy.deepcopy(GOOD_2)), *changes)


def _spark(**training: object) -> Change:
    """A Spark cluster of party 9999, the only party."""
    return _in_2(
        _set("engines", {"computing": "spark"}),
        _set("parties", [{"id": 9999, "host": "a", "training": training}]),
    )


def _across(
    workers: object,
    spark: Mapping[str, object] = MappingProxyType({"tables": "/mnt/fate"}),
    hosts: object = ("a", "b"),
    **party: object,
) -> Change:
    """A Spark cluster of party 9999, the only party, with workers on hosts a and b."""
    training = {"workers": workers, "spark": dict(spark)}
    placed = list(hosts) if isinstance(hosts, tuple) else hosts
    return _both(
        _spark(),
        _set("parties", [{"id": 9999, "hosts": placed, "training": training, **party}]),
        _host("a", address="10.0.0.1"),
        _host("b", address="10.0.0.2"),
    )


def _elsewhere(training: Mapping[str, object] = MappingProxyType({}), **place: str) -> Change:
    """Services of party 9999 on host b."""

    def change(config: dict[str, Any]) -> None:
        party = config["fate:parties"][0]
        del party["host"]
        party |= {"hosts": ["a", "b"], "training": {**training, "place": place}}

    return _both(change, _host("a", address="10.0.0.1"), _host("b", address="10.0.0.2"))


def _eggs(eggs: object, **training: object) -> Change:
    """Eggs of party 9999 on hosts a and b."""

    def change(config: dict[str, Any]) -> None:
        party = config["fate:parties"][0]
        del party["host"]
        party |= {"hosts": ["a", "b"], "training": {"eggs": eggs, **training}}

    return _both(change, _host("b", address="10.0.0.2"))


def _hdfs(hdfs: Mapping[str, object], *changes: Change, **training: object) -> Change:
    """An HDFS of party 9999, the only party, on hosts a and b."""
    return _both(
        _across({"a": 1, "b": 1}, spark={}),
        _set("engines", {"computing": "spark", "storage": "hdfs"}),
        lambda config: config["fate:parties"][0]["training"].update(hdfs=dict(hdfs), **training),
        *changes,
    )


def given(identity: pki.Identity) -> dict[str, Any]:
    """A certificate as a stack file gives it."""
    return {
        "certificate": identity.certificate,
        "key": identity.key.get_secret_value(),
        "authority": identity.trust.authority,
    }


def _authority(secret: str, year: int, name: str) -> pki.Identity:
    return pki.Authority(SecretStr(secret)).issue(name, [], datetime(year, 6, 1, tzinfo=UTC))


NEW = _authority("an authority of somebody else", datetime.now(UTC).year, "fate.example.org")
OLD = _authority("an authority of long ago", 2001, "party-9999")
CA, GIVEN = NEW.trust.authority, given(NEW)


def _tls(*changes: Change) -> Change:
    return _both(_set("tls", {"enabled": True}), *changes)


def _peer_tls(**values: object) -> Change:
    return lambda config: config["fate:peers"][0].update(tls=values)


def _party_tls(value: object) -> Change:
    return _party(0, tls=value)


CASES = [
    Case("no release", _drop("release"), "fate:release", "add the FATE release: choose one of"),
    Case("unknown release", _set("release", "1.2.9"), "fate:release", "choose one of 1.3.0",
         engine=True),
    Case("release as a list", _set("release", ["1.3.0"]), "fate:release", "choose one of"),
    Case("no hosts", _drop("hosts"), "fate:hosts", "add the Docker hosts by name"),
    Case("hosts as a text", _set("hosts", "a"), "fate:hosts", "must be a map"),
    Case("no docker", _set("hosts", {"a": {}}), "fate:hosts.a.docker", "unix:///var/run/"),
    Case("tcp host without TLS", _host("a", docker="tcp://10.0.0.1:2375"), "fate:hosts.a.tls",
         "is missing: without TLS, anyone who can connect controls the machine"),
    Case("tcp host without a port", _host("a", docker="tcp://10.0.0.1", tls=GIVEN),
         "fate:hosts.a.docker", "has no port; add it, usually :2376"),
    Case("tcp host with a user", _host("a", docker="tcp://root:hunter2@a:2376", tls=GIVEN),
         "fate:hosts.a.docker", "contains a user, but tcp:// has none"),
    Case("tcp host with a path", _host("a", docker="tcp://a:2376/v1", tls=GIVEN),
         "fate:hosts.a.docker", "nothing may follow the host and its port"),
    Case("host's key in plain text", _host("a", docker="tcp://a:2376", tls=GIVEN),
         "fate:hosts.a.tls.key", "--path 'fate:hosts.a.tls.key'"),
    Case("host's certificate that is a path",
         _host("a", docker="tcp://a:2376", tls={**GIVEN, "certificate": "/etc/cert.pem"}),
         "fate:hosts.a.tls.certificate", "does not contain a certificate in PEM format"),
    Case("host's key of another certificate",
         _host("a", docker="tcp://a:2376", tls={**GIVEN, "key": OLD.key.get_secret_value()}),
         "fate:hosts.a.tls.key", "does not belong to the certificate", keys_secret=True),
    Case("host's expired certificate", _host("a", docker="tcp://a:2376", tls=given(OLD)),
         "fate:hosts.a.tls.certificate", "expired on", keys_secret=True),
    Case("host's expired authority",
         _host("a", docker="tcp://a:2376", tls={**GIVEN, "authority": OLD.certificate}),
         "fate:hosts.a.tls.authority", "expired on", keys_secret=True),
    Case("host without an authority",
         _host("a", docker="tcp://a:2376", tls={**GIVEN, "authority": None}),
         "fate:hosts.a.tls.authority", "must be a string"),
    Case("certificates of a socket", _host("a", tls=GIVEN), "fate:hosts.a.tls",
         "has no effect without a tcp:// URL", keys_secret=True),
    Case("relative socket", _host("a", docker="unix://docker.sock"), "fate:hosts.a.docker", "unix"),
    Case("two names for a host", _host("c", docker="unix:///var/run/docker.sock"),
         "fate:hosts.c.docker", "use that name for both"),
    Case("host's bad name", _host("Lab 1", docker="unix:///x.sock"), "fate:hosts.Lab 1", "hyphens"),
    Case("host's unknown key", _host("a", adress="x"), "fate:hosts.a.adress", "mean address?",
         engine=True),
    Case("host's bad address", _host("a", address="http://a"), "fate:hosts.a.address", "IPv4"),
    Case("host's bind address as a name", _host("a", bind="a.org"), "fate:hosts.a.bind",
         "is not an IPv4 address"),
    Case("host's bind address on loopback", _host("a", bind="127.0.0.1"), "fate:hosts.a.bind",
         "is not reachable from other machines"),
    *(
        Case(f"host's data in {data}", _host("a", data=data), "fate:hosts.a.data",
             "is not a folder like /srv/fate: an absolute path")
        for data in ("", "/", "srv/fate", "~/fate", "/srv/../etc", "/srv/./fate", "/srv//fate",
                     "/srv/fate:/data", "/srv/fate,ro", "/srv/my fate", "C:\\fate", "/srv/$USER",
                     "/srv/fate\n", "/srv/fät")
    ),
    *(
        Case(f"host's data in {data}", _host("a", data=data), "fate:hosts.a.data",
             "belongs to the system or to Docker")
        for data in ("/etc", "/usr/local/fate", "/dev/shm", "/run/fate", "/tmp/fate", "/var",
                     "/var/lib/docker/", "/var/lib/docker/volumes/fate", "/var/run/fate")
    ),
    Case("host's data in a long path", _host("a", data="/srv" * 300), "fate:hosts.a.data",
         "has more than 1000 characters"),
    Case("host's data as a list", _host("a", data=["/srv"]), "fate:hosts.a.data",
         "must be a string"),
    Case("uploads from a relative folder", _party(0, training={"uploads": "uploads"}),
         "fate:parties[0].training.uploads", "is not a folder like /srv/fate"),
    Case("uploads from a folder of the system",
         _in_2(_party(0, training={"uploads": "/etc"})), "fate:parties[0].training.uploads",
         "belongs to the system"),
    Case("uploads from several folders", _party(0, training={"uploads": ["/srv/a", "/srv/b"]}),
         "fate:parties[0].training.uploads", "must be a string"),
    Case("small subnet", _host("a", subnet="10.9.0.0/24"), "fate:hosts.a.subnet", "must be a /16"),
    Case("no subnet", _host("a", subnet="many"), "fate:hosts.a.subnet", "like 10.200.0.0/16"),
    Case("public subnet", _host("a", subnet="8.8.0.0/16"), "fate:hosts.a.subnet",
         "choose one within 10.0.0.0/8"),
    Case("subnet with the host's own address",
         _host("a", subnet="10.9.0.0/16", address="10.9.0.7"), "fate:hosts.a.subnet",
         "10.9.0.0/16 contains 10.9.0.7 (fate:hosts.a.address); choose another"),
    Case("subnet with the address of an SSH URL",
         _both(_host("b", docker="ssh://root@10.9.0.8"), _host("a", subnet="10.9.0.0/16")),
         "fate:hosts.a.subnet", "contains 10.9.0.8 (fate:hosts.b.docker)"),
    Case("subnet with a peer's address", _both(_host("a", subnet="10.9.0.0/16"),
         _set("peers", [{"id": 1, "address": "10.9.1.1"}])),
         "fate:hosts.a.subnet", "contains 10.9.1.1 (fate:peers[0].address)"),
    Case("default subnet with a host's address",
         _both(_host("a", address="10.239.0.7"), _host("b", subnet="10.9.0.0/16")),
         "fate:hosts.a.subnet", "the default for this stack, contains 10.239.0.7"),
    Case("SSH port as a word", _host("b", docker="ssh://root@b:ssh"), "fate:hosts.b.docker",
         "its port is not a number from 1 to 65535"),
    Case("SSH port too high", _host("b", docker="ssh://root@b:65536"), "fate:hosts.b.docker",
         "its port is not a number from 1 to 65535"),
    Case("empty SSH port", _host("b", docker="ssh://root@b:"), "fate:hosts.b.docker",
         "its port is not a number"),
    Case("password in an SSH URL", _host("b", docker="ssh://root:hunter2@b"),
         "fate:hosts.b.docker", "use an SSH key"),
    Case("SSH host that begins with a hyphen", _host("b", docker="ssh://root@-oProxyCommand=x"),
         "fate:hosts.b.docker", "is not a host name or IPv4 address"),
    Case("SSH user that begins with a hyphen", _host("b", docker="ssh://-lroot@b"),
         "fate:hosts.b.docker", "is not a user name"),
    Case("SSH URL with a path", _host("b", docker="ssh://root@b/var/run/docker.sock"),
         "fate:hosts.b.docker", "nothing may follow the host and its port"),
    Case("SSH URL that is no URL", _host("b", docker="ssh://root@[::1"), "fate:hosts.b.docker",
         "is not a URL"),
    Case("address that begins with a hyphen", _host("a", address="-a.example.org"),
         "fate:hosts.a.address", "is not a host name or IPv4 address"),
    Case("address with a number too high", _host("a", address="10.0.0.300"),
         "fate:hosts.a.address", "is not a host name or IPv4 address"),
    Case("address that is too long", _host("a", address=".".join(["a" * 50] * 5)),
         "fate:hosts.a.address", "is not a host name or IPv4 address"),
    Case("host's long name", _host("a" * 64, docker="unix:///x.sock"), f"fate:hosts.{'a' * 64}",
         "up to 63"),
    Case("loopback where others must reach a host",
         _both(_host("a", address="127.0.0.1"), _party(1, host="b")), "fate:hosts.a.address",
         "127.0.0.1 works on that host only: party 10000 on another Docker host must reach it"),
    Case("localhost where others must reach a host",
         _both(_host("b", docker="ssh://root@localhost:2222"), _host("a", address="10.0.0.1"),
               _party(1, host="b")),
         "fate:hosts.b.address", "localhost works on that host only"),
    Case("peer on loopback", _set("peers", [{"id": 1, "address": "127.0.0.1"}]),
         "fate:peers[0].address", "is not reachable from a container"),
    Case("exchange on loopback", _set("exchange", {"address": "localhost"}),
         "fate:exchange.address", "is not reachable from a container"),
    Case("line break in a URL", _host("b", docker="ssh://root@b\n"), "fate:hosts.b.docker",
         '"ssh:…@b\\n" has line breaks'),
    Case("scheme in capitals", _host("a", docker="UNIX:///var/run/docker.sock"),
         "fate:hosts.a.docker", "is not a supported Docker host URL"),
    Case("socket's long path", _host("a", docker=f"unix:///{'a' * 107}"), "fate:hosts.a.docker",
         "a socket's path has up to 107 characters"),
    Case("two spellings of a host", _host("c", docker="ssh://root@b.example.org/"),
         "fate:hosts.c.docker", "is already used by fate:hosts.b"),
    Case("two hosts with one address",
         _both(_host("a", address="b.example.org"), _party(1, host="b"), _publish(1, proxy=9370)),
         "fate:parties[1].training.publish.proxy",
         'port 9370 of Docker host "b", which has the address of "a", is already used by'),
    Case("host named like a key", _host("logs", docker="unix:///x.sock", adress="x"),
         "fate:hosts.logs.adress", "mean address?"),
    Case("host's name with a dot", _host("b.example.org", docker="unix:///x.sock"),
         'fate:hosts["b.example.org"]', "lowercase letters"),
    Case("key with a line break", _set("a\n  b", 1), "fate:a\\n  b", "is not a known key"),
    Case("text that is no list", _set("peers", '[{"id": 10001'), "fate:peers",
         "must be a list (the parties"),
    Case("number with too many digits", lambda c: c.update({"fate:peers": "9" * 5000}),
         "fate:peers", "must be a list"),
    Case("lists without end", lambda c: c.update({"fate:peers": "[" * 100_000}), "fate:peers",
         "must be a list"),
    Case("half a character", _set("peers", [{"id": 1, "address": "\ud800"}]), "fate:peers",
         "must be a list"),
    Case("log size too high", _host("a", logs={"maxSize": "9" * 20 + "g"}),
         "fate:hosts.a.logs.maxSize", "is not a size"),
    Case("log size without a unit", _host("a", logs={"maxSize": "10"}),
         "fate:hosts.a.logs.maxSize", "is not a size like 500k, 10m or 1g"),
    Case("log size in bytes of another unit", _host("a", logs={"maxSize": "10MB"}),
         "fate:hosts.a.logs.maxSize", "is not a size like 500k, 10m or 1g"),
    Case("log files as a padded text", _host("a", logs={"maxFile": " 5"}),
         "fate:hosts.a.logs.maxFile", 'in plain digits like 1000, not " 5"'),
    Case("no log file", _host("a", logs={"maxFile": 0}), "fate:hosts.a.logs.maxFile", "1 or more"),
    Case("port as a map", _publish(0, fateboard={"port": 1, "ip": "bad"}),
         "fate:parties[0].training.publish.fateboard", "is neither PORT nor ADDRESS:PORT"),
    Case("port with a leading zero", _publish(0, proxy="09371"),
         "fate:parties[0].training.publish.proxy", "in plain digits"),
    Case("bound port with a leading zero", _publish(0, proxy="10.0.0.1:09371"),
         "fate:parties[0].training.publish.proxy", "09371 is not a port"),
    Case("port 0", _publish(0, proxy=0), "fate:parties[0].training.publish.proxy",
         "from 1 to 65535"),
    Case("service of another release", _set("services", {"fateflow": {"cpus": 1}}),
         "fate:services.fateflow", "choose from mysql, redis, meta-service"),
    Case("edge without TLS", _services(edge={}), f"{SERVICES}.edge", "choose from mysql, redis"),
    Case("service of the other cluster", _party(0, serving={"services": {"mysql": {}}}),
         "fate:parties[0].serving.services.mysql", "choose from serving-redis"),
    Case("service without keys", _services(egg=None), f"{SERVICES}.egg", "must be a map"),
    Case("services as a list", _set("services", ["egg"]), "fate:services", "must be a map"),
    Case("service's unknown key", _services(egg={"mem": "1g"}), f"{SERVICES}.egg.mem",
         "Valid keys: image, cpus, memory"),
    Case("no CPU", _services(egg={"cpus": 0}), f"{SERVICES}.egg.cpus", "from 0.01 to 1024, not 0"),
    Case("CPUs as a word", _services(egg={"cpus": "many"}), f"{SERVICES}.egg.cpus", "not \"many\""),
    Case("CPUs with a unit", _services(egg={"cpus": "1e1"}), f"{SERVICES}.egg.cpus",
         "from 0.01 to 1024, not \"1e1\""),
    Case("CPUs as a truth", _services(egg={"cpus": True}), f"{SERVICES}.egg.cpus", "not true"),
    Case("CPUs that are no number", _services(egg={"cpus": float("nan")}), f"{SERVICES}.egg.cpus",
         "must be a number"),
    Case("memory without a unit", _services(egg={"memory": 512}), f"{SERVICES}.egg.memory",
         "512 is not a size like 512m or 8g"),
    Case("memory in kilobytes", _services(egg={"memory": "512k"}), f"{SERVICES}.egg.memory",
         "is not a size like 512m or 8g"),
    Case("too little memory", _services(egg={"memory": "5m"}), f"{SERVICES}.egg.memory",
         "is less than 6m"),
    Case("image without a tag", _services(egg={"image": "my/egg"}), f"{SERVICES}.egg.image",
         "is not a reference to an image"),
    Case("image in capitals", _services(egg={"image": "r.example.org/Egg:1"}),
         f"{SERVICES}.egg.image", "is not a reference to an image"),
    Case("image with a scheme", _services(egg={"image": "https://r.example.org/egg:1"}),
         f"{SERVICES}.egg.image", "is not a reference to an image"),
    Case("image with a port too high", _services(egg={"image": "r:65536/egg:1"}),
         f"{SERVICES}.egg.image", "its port is not a number"),
    Case("image's long name", _services(egg={"image": "a" * 256 + ":1"}),
         f"{SERVICES}.egg.image", "more than 255 characters"),
    Case("serving cluster on an unknown host", _party(0, serving={"host": "z"}),
         "fate:parties[0].serving.host", "not one of the Docker hosts under fate:hosts (a, b)"),
    Case("serving cluster's unknown key", _party(0, serving={"hosts": "a"}),
         "fate:parties[0].serving.hosts", "did you mean host?"),
    Case("serving cluster's unknown port", _party(0, serving={"publish": {"serving-intra": 1}}),
         "fate:parties[0].serving.publish.serving-intra", "choose from serving-server"),
    Case("adapter that is no class", _party(0, serving={"adapter": "my adapter"}),
         "fate:parties[0].serving.adapter", "is not the name of a Java class"),
    Case("adapter with an empty part", _party(0, serving={"adapter": "org..Adapter"}),
         "fate:parties[0].serving.adapter", "is not the name of a Java class"),
    Case("neither cluster", _party(0, training=None), "fate:parties[0]", "write `training: {}`"),
    Case("peer's serving address on loopback",
         _set("peers", [{"id": 1, "address": "x.org", "serving": {"address": "localhost"}}]),
         "fate:peers[0].serving.address", "is not reachable from a container"),
    Case("subnet with a peer's serving address", _both(_host("a", subnet="10.9.0.0/16"),
         _set("peers", [{"id": 1, "address": "x.org", "serving": {"address": "10.9.1.1"}}])),
         "fate:hosts.a.subnet", "contains 10.9.1.1 (fate:peers[0].serving.address)"),
    Case("peer's name with an underscore", _set("peers", [{"id": 1, "address": "a_b.org"}]),
         "fate:peers[0].address", "letters, digits and hyphens"),
    Case("host's name with an underscore", _both(_host("a", address="a_b.org"),
         _party(1, host="b")), "fate:hosts.a.address", "letters, digits and hyphens"),
    Case("ports of two serving clusters", _both(_party(0, serving={}), _party(1, serving={
         "publish": {"serving-http": 8060, "serving-server": 8001}})),
         "fate:parties[1].serving.publish.serving-grpc",
         "is already used by fate:parties[0].serving.publish.serving-grpc"),
    Case("serving cluster without a way back", _party(0, training={}, serving={"host": "b"}),
         "fate:hosts.a.address", "the serving cluster on another Docker host must reach it"),
    Case("FATE Flow on loopback for its serving cluster",
         _both(_host("a", address="10.0.0.1"), _party(0, serving={"host": "b"},
               training={"publish": {"fateflow-http": "127.0.0.1:9380"}})),
         "fate:parties[0].training.publish.fateflow-http", "bind it to an address"),
    Case("peer's serving port", _set("peers", [
         {"id": 1, "address": "x.org", "serving": {"port": 0}}]),
         "fate:peers[0].serving.port", "1 or more"),
    Case("serving in 2", _in_2(_party(0, serving={})), "fate:parties[0].serving",
         "is not supported by FATE 2.2.0; remove the key"),
    Case("no parties", _drop("parties"), "fate:parties", "add the parties"),
    Case("empty parties", _set("parties", []), "fate:parties", "add the parties"),
    Case("parties as a map", _set("parties", {"9999": {}}), "fate:parties", "must be a list"),
    Case("party as a number", _set("parties", [9999]), "fate:parties[0]", "must be a map"),
    Case("party's id as a word", _party(0, id="guest"), "fate:parties[0].id", "whole number"),
    *(
        Case(f"party's id as the text {id!r}", _party(0, id=id), "fate:parties[0].id",
             f'must be a whole number in plain digits like 1000, not "{id}"')
        for id in ("1_000", "+5", " 5", "5 ", "0x10", "1e3", "010", "1:30", "5.0", "\u0665")
    ),
    Case("party's id is true", _party(0, id=True), "fate:parties[0].id", "whole number"),
    Case("party's id is 0", _party(0, id=0), "fate:parties[0].id", "1 or more"),
    Case("party's id too long", _party(0, id=10**30), "fate:parties[0].id",
         "must be 9223372036854775807 or less"),
    Case("too many parties on a host", lambda c: c.update({"fate:parties": [
         {"id": n + 1, "host": "a", "training": {"publish": {name: 1024 + 4 * n + i for i, name in
         enumerate(("proxy", "fateboard", "fateflow-grpc", "fateflow-http"))}}}
         for n in range(241)]}), "fate:parties[239].host", "has room for 239 parties"),
    Case("party without id", lambda c: c["fate:parties"][0].pop("id"), "fate:parties[0].id",
         "add the party's id"),
    Case("party without host", lambda c: c["fate:parties"][0].pop("host"), "fate:parties[0].host",
         "a name under fate:hosts"),
    Case("party on an unknown host", _party(0, host="z"), "fate:parties[0].host",
         "not one of the Docker hosts under fate:hosts (a, b)"),
    Case("one id twice", _party(1, id=9999), "fate:parties[1].id", "give every party its own",
         engine=True),
    Case("party's unknown key", _party(0, trainig={}), "fate:parties[0].trainig", "training?"),
    Case("no eggs", _party(0, training={"eggs": 0}), "fate:parties[0].training.eggs",
         "must be a whole number from 1 to 200, not 0"),
    Case("too many eggs", _party(0, training={"eggs": 900}), "fate:parties[0].training.eggs",
         "must be a whole number from 1 to 200, not 900"),
    Case("eggs on a host of others", _eggs({"a": 1, "c": 1}), "fate:parties[0].training.eggs",
         '"c" is not one of the party\'s hosts ("a", "b"); add it to fate:parties[0].hosts'),
    Case("eggs on another host of a party with one",
         _both(_party(0, training={"eggs": {"b": 1}}), _host("b", address="10.0.0.2")),
         "fate:parties[0].training.eggs", '"b" is not one of the party\'s hosts ("a")'),
    Case("no eggs on a host", _eggs({"a": 1, "b": 0}), "fate:parties[0].training.eggs",
         'for "b" must be a whole number from 1 to 200, not 0'),
    Case("too many eggs at home", _eggs({"a": 97, "b": 1}), "fate:parties[0].training.eggs",
         'are 97 on "a", but at most 96 fit there; set fewer'),
    Case("too many eggs elsewhere", _eggs({"a": 1, "b": 101}), "fate:parties[0].training.eggs",
         "are 101 on the party's other Docker hosts, but at most 100 fit there; set fewer"),
    Case("eggs on a host without an address",
         _both(_eggs({"a": 1, "b": 1}), _host("b", docker="unix:///run/b.sock", address="b")),
         "fate:hosts.b.address", "roll of party 9999 on another Docker host must reach it"),
    Case("egg port without eggs elsewhere", _party(0, training={"eggPort": 7900}),
         "fate:parties[0].training.eggPort", "is not used: all eggs are on the party's first"),
    Case("egg port with a leading zero", _eggs({"b": 1}, eggPort="07900"),
         "fate:parties[0].training.eggPort", 'in plain digits like 1000, not "07900"'),
    Case("number of eggs with a sign", _eggs({"a": 1, "b": "+2"}), "fate:parties[0].training.eggs",
         'for "b" must be a whole number from 1 to 200, not "+2"'),
    Case("egg port as a word", _eggs({"b": 1}, eggPort="egg"),
         "fate:parties[0].training.eggPort", "must be a whole number"),
    Case("egg port of others", _both(
        _eggs({"b": 1}, eggPort=9371), _party(1, host="b"), _host("a", address="10.0.0.1")),
         "fate:parties[1].training.publish.proxy",
         "is already used by fate:parties[0].training.eggPort"),
    Case("allowTableLoss as a word", _party(0, training={"allowTableLoss": "maybe"}),
         "fate:parties[0].training.allowTableLoss", "must be true or false"),
    Case("unknown other host in 1.3", _both(_eggs({"a": 1}), _party(0, hosts=["a", "c"])),
         "fate:parties[0].hosts[1]", '"c" is not one of the Docker hosts under fate:hosts (a, b)'),
    Case("host and hosts in 1.3", _both(_eggs({"a": 1}), _party(0, host="a")), "fate:parties[0]",
         "has both host and hosts: remove one of the two"),
    Case("unknown service elsewhere", _eggs(1, place={"proxy": "b"}),
         "fate:parties[0].training.place.proxy",
         "cannot run on another Docker host: other parties call it at the address of the first "
         "one; choose from mysql, redis"),
    Case("roll elsewhere", _eggs(1, place={"roll": "b"}),
         "fate:parties[0].training.place.roll",
         "the party's other services call it by name on the first one; choose from mysql, redis"),
    Case("RabbitMQ elsewhere", _in_2(_elsewhere(rabbitmq="b")),
         "fate:parties[0].training.place.rabbitmq",
         "other parties call it at the address of the first one; choose from mysql, client"),
    Case("FATE Board of 1.3 elsewhere", _eggs(1, place={"fateboard": "b"}),
         "fate:parties[0].training.place.fateboard",
         "it reads the log files of FATE Flow, in a volume that both share; choose from mysql"),
    Case("no service elsewhere", _eggs(1, place={"client": "b"}),
         "fate:parties[0].training.place.client",
         "is not among the services of this party; choose from mysql, redis"),
    Case("FATE Board that there is not", _in_2(_elsewhere(fateboard="b")),
         "fate:parties[0].training.place.fateboard",
         "is not among the services of this party; choose from mysql, client"),
    Case("workers elsewhere", _across(1, training={"place": {"spark-worker": "b"}}),
         "fate:parties[0].training.place.spark-worker",
         "the key workers sets how many there are on each; choose from mysql, client"),
    Case("notebook elsewhere with a port", _in_2(_elsewhere(client="b:20001")),
         "fate:parties[0].training.place.client",
         "20001 is not used: its port on the Docker host is set by publish.notebook"),
    Case("FATE Flow out of the notebook's reach", _in_2(
        _elsewhere({"publish": {"fateflow-http": "127.0.0.1:9390"}}, client="b")),
         "fate:parties[0].training.publish.fateflow-http",
         "is bound to 127.0.0.1, but client on another Docker host must reach it"),
    Case("FATE Flow without an address", _in_2(
        _elsewhere(client="b"), _host("a", docker="unix:///run/a.sock", address="a")),
         "fate:hosts.a.address",
         '"a" is no address for that: client of party 9999 on another Docker host must reach it'),
    Case("notebooks on one port", _in_2(
        _elsewhere({"publish": {"notebook": 20001}}, client="b"),
        _party(1, host="b")),
         "fate:parties[1].training.publish.notebook",
         "is already used by fate:parties[0].training.publish.notebook"),
    Case("external database elsewhere",
         _eggs(1, place={"redis": "b"}, redis={"address": "10.0.0.9", "password": "hunter22"}),
         "fate:parties[0].training.place.redis", "remove the key", keys_secret=True),
    Case("database on a host of others", _eggs(1, place={"mysql": "c"}),
         "fate:parties[0].training.place",
         '"c" is not one of the party\'s hosts ("a", "b"); add it to fate:parties[0].hosts'),
    Case("database at home with a port", _eggs(1, place={"mysql": "a:3307"}),
         "fate:parties[0].training.place.mysql", "3307 is not used"),
    Case("database on a port as a word", _eggs(1, place={"mysql": "b:port"}),
         "fate:parties[0].training.place.mysql", "is neither HOST nor HOST:PORT"),
    Case("database on no port", _eggs(1, place={"mysql": "b:0"}),
         "fate:parties[0].training.place.mysql", "0 is not a port; ports range from 1 to 65535"),
    Case("database elsewhere as a number", _eggs(1, place={"mysql": 1}),
         "fate:parties[0].training.place.mysql", "is neither HOST nor HOST:PORT"),
    Case("half a processor", _party(0, training={"processors": 0.5}),
         "fate:parties[0].training.processors", "whole number"),
    Case("port as a word", _publish(0, proxy="http"), "fate:parties[0].training.publish.proxy",
         "ADDRESS:PORT"),
    Case("port too high", _publish(0, proxy=65536), "fate:parties[0].training.publish.proxy",
         "from 1 to 65535"),
    Case("port at a bad address", _publish(0, proxy="10.0.0.300:9370"),
         "fate:parties[0].training.publish.proxy", "not an IPv4 address"),
    Case("unknown port", _publish(0, mysql=3306), "fate:parties[0].training.publish.mysql",
         "choose from proxy, fateflow-grpc"),
    Case("ports of two parties", _publish(0, proxy=9371), "fate:parties[1].training.publish.proxy",
         "is already used by fate:parties[0].training.publish.proxy"),
    Case("ports of one party", _publish(0, proxy=8080),
         "fate:parties[0].training.publish.fateboard", "set one of the two to a free port"),
    Case("ports bound apart and everywhere", _publish(0, proxy="127.0.0.1:9371"),
         "fate:parties[1].training.publish.proxy", "is already used by"),
    Case("password in plain text", _party(0, training={"mysql": {"password": "hunter2hunter2"}}),
         "fate:parties[0].training.mysql.password", "--path 'fate:parties[0].training.mysql.pass"),
    Case("short password", _party(0, training={"redis": {"password": "short"}}),
         "fate:parties[0].training.redis.password", "8 or more characters"),
    Case("own MySQL with a port", _party(0, training={"mysql": {"port": 3306, "user": "x"}}),
         "fate:parties[0].training.mysql",
         "has port, user without address: add the address of the external server"),
    Case("external MySQL with root's password", _mysql(rootPassword="hunter2-root"),
         "fate:parties[0].training.mysql", "has both address and rootPassword"),
    Case("external MySQL without a password", _mysql(password=None),
         "fate:parties[0].training.mysql", "add the password of the account"),
    Case("external MySQL's password in plain text", _mysql(),
         "fate:parties[0].training.mysql.password", "--path 'fate:parties[0].training.mysql.pass"),
    Case("external MySQL's unreadable password", _mysql(password="hunter2 2"),
         "fate:parties[0].training.mysql.password", "change it on the server"),
    Case("external MySQL's bad account", _mysql(user="it's"),
         "fate:parties[0].training.mysql.user", "is not an account that FATE can use"),
    Case("external MySQL's account as a list", _mysql(user=["fate"]),
         "fate:parties[0].training.mysql.user", "must be a string"),
    Case("external MySQL's bad database", _mysql(database="a/b?c=d"),
         "fate:parties[0].training.mysql.database", "is not a database that FATE can use"),
    Case("external MySQL's port", _mysql(port=0), "fate:parties[0].training.mysql.port",
         "1 or more"),
    Case("external MySQL with a scheme", _mysql(address="mysql://db.example.org"),
         "fate:parties[0].training.mysql.address", "is not a host name or IPv4 address"),
    Case("external MySQL on loopback", _mysql(address="127.0.0.1"),
         "fate:parties[0].training.mysql.address", "is not reachable from a container",
         keys_secret=True),
    Case("subnet with the address of an external MySQL",
         _both(_mysql(address="10.9.0.9"), _host("a", subnet="10.9.0.0/16")),
         "fate:hosts.a.subnet", "contains 10.9.0.9 (fate:parties[0].training.mysql.address)",
         keys_secret=True),
    Case("one database for two parties",
         lambda c: [p.setdefault("training", {}).update(mysql=dict(_MYSQL))
                    for p in c["fate:parties"]],
         "fate:parties[1].training.mysql",
         "is the database of fate:parties[0].training.mysql; give each party its own",
         keys_secret=True),
    Case("one Redis for two parties",
         _both(_party(0, training={"redis": _REDIS}), _party(1, serving={"redis": _REDIS})),
         "fate:parties[1].serving.redis",
         "is the server of fate:parties[0].training.redis; give each party its own",
         keys_secret=True),
    Case("external Redis without a password", _party(0, training={"redis": {"address": "x.org"}}),
         "fate:parties[0].training.redis", "add the password of the account"),
    Case("user of a Redis", _party(0, training={"redis": {**_REDIS, "user": "fate"}}),
         "fate:parties[0].training.redis.user",
         "is not a known key; Valid keys: address, port, password", keys_secret=True),
    Case("own Redis with a port", _party(0, serving={"redis": {"port": 6380}}),
         "fate:parties[0].serving.redis", "has port without address"),
    Case("external MySQL in 2 without a password",
         _in_2(_party(0, training={"mysql": {"address": "db.example.org"}})),
         "fate:parties[0].training.mysql", "add the password of the account"),
    Case("external Redis in 2", _in_2(_party(0, training={"redis": _REDIS})),
         "fate:parties[0].training.redis", "is not supported by FATE 2.2.0; remove the key"),
    Case("password with a quote", _party(0, training={"mysql": {"rootPassword": "it's a secret"}}),
         "fate:parties[0].training.mysql.rootPassword", "letters, digits"),
    Case("peer without address", _set("peers", [{"id": 10001}]), "fate:peers[0].address",
         "add the host name"),
    Case("peer that is a party", _set("peers", [{"id": 9999, "address": "x.org"}]),
         "fate:peers[0].id", "9999 is also the id of fate:parties[0]"),
    Case("peer's bad port", _set("peers", [{"id": 1, "address": "x.org", "port": "a"}]),
         "fate:peers[0].port", "whole number"),
    Case("exchange nowhere", _set("exchange", {"port": 9371}), "fate:exchange", "either host"),
    Case("exchange in two places", _set("exchange", {"host": "a", "address": "x.org"}),
         "fate:exchange", "either host"),
    Case("exchange on an unknown host", _set("exchange", {"host": "z"}), "fate:exchange.host",
         "not one of the Docker hosts"),
    Case("exchange's port taken", _set("exchange", {"host": "a", "port": 8080}),
         "fate:exchange.port", "already used by fate:parties[0].training.publish.fateboard"),
    Case("no way back to the host", _party(1, host="b"), "fate:hosts.a.address",
         "party 10000 on another Docker host must reach it"),
    Case("no way to the exchange", _both(_host("b", address="10.0.0.2"),
         _party(0, host="b"), _party(1, host="b"), _set("exchange", {"host": "a"})),
         "fate:hosts.a.address", "party 9999 on another Docker host must reach it"),
    Case("proxy on loopback only", _both(_host("a", address="10.0.0.1"), _party(1, host="b"),
         _publish(0, proxy="127.0.0.1:9370")), "fate:parties[0].training.publish.proxy",
         "bind it to an address that other machines reach"),
    Case("registry with a scheme", _set("registry", "https://r.example.org/"), "fate:registry",
         "no scheme"),
    Case("registry with a password", _set("registry", "root:hunter2@r.example.org"),
         "fate:registry", '"root:…@r.example.org" is not a registry'),
    Case("registry's port too high", _set("registry", "r.example.org:65536"), "fate:registry",
         "its port is not a number from 1 to 65535"),
    Case("registry's odd path", _set("registry", "r.example.org/a..b"), "fate:registry",
         "is not a registry"),
    Case("registry too long", _set("registry", "r/" * 99 + "abc"), "fate:registry",
         "has more than 200 characters"),
    Case("registries as a map", _set("registries", {"r.example.org": {"user": "me"}}),
         "fate:registries", "must be a list"),
    Case("registry without an address", _set("registries", [{"user": "me", "password": "hunter2"}]),
         "fate:registries[0].address", "add the registry's address"),
    Case("login without a password", _set("registries", [{"address": "r:5000", "user": "me"}]),
         "fate:registries[0].password", "add the user's password"),
    Case("login without a user", _set("registries", [{"address": "r:5000", "password": "hunter2"}]),
         "fate:registries[0].user", "add the user to log in as"),
    Case("empty password of a registry", _logins(_login(password="")),
         "fate:registries[0].password", "is empty"),
    Case("password of a registry in plain text", _logins(_login()),
         "fate:registries[0].password", "is in plain text: set it with `pulumi config set --secret "
         "--path 'fate:registries[0].password'"),
    Case("login to a URL", _logins(_login(address="https://r.example.org")),
         "fate:registries[0].address", "is not the address of a registry"),
    Case("login to a path", _logins(_login(address="r.example.org/fate")),
         "fate:registries[0].address", '"r.example.org/fate" is not the address of a registry'),
    Case("one login twice", _logins(_login(), _login()),
         "fate:registries[1].address", "is also the address of fate:registries[0]",
         keys_secret=True),
    Case("no master secret", _drop("masterSecret"), "fate:masterSecret",
         "pulumi config set --secret fate:masterSecret"),
    Case("short master secret", _set("masterSecret", "short"), "fate:masterSecret",
         "fewer than 16 characters"),
    Case("master secret in plain text", _set("release", "1.3.0"), "fate:masterSecret",
         "is in plain text: set it with `pulumi config set --secret", secret=False, engine=True),
    Case("keepData as a word", _set("keepData", "perhaps"), "fate:keepData", "true or false"),
    Case("unknown key", _set("partys", []), "fate:partys", "did you mean parties?"),
    Case("Eggroll with RabbitMQ", _in_2(_set("images", "registry"),
         _set("engines", {"computing": "Eggroll"})), "fate:engines.federation",
         '"rabbitmq" does not work with computing: eggroll; choose osx'),
    Case("Pulsar without Spark", _in_2(_set("images", "registry"), _set("peers", []),
         _set("engines", {"federation": "Pulsar"})), "fate:engines.federation",
         '"pulsar" does not work with computing: standalone; choose rabbitmq or osx'),
    Case("OSX from packages", _in_2(_set("engines", {"federation": "osx"})),
         "fate:images", '"osx" cannot be built from packages, only federatedai/osx:2.2.0-release '
         "exist; set it to registry or archive"),
    Case("Eggroll from packages", _in_2(_set("engines", {"computing": "eggroll",
         "federation": "osx"})), "fate:images", '"eggroll" and "osx" cannot be built from'),
    Case("no broker at all", _in_2(_set("engines", {"federation": "kafka"})),
         "fate:engines.federation",
         '"kafka" is not an engine of FATE; choose rabbitmq or osx or pulsar'),
    Case("ports of another broker", _in_2(_set("images", "registry"),
         _set("parties", [{"id": 9999, "host": "a"}]), _set("engines", {"federation": "osx"})),
         "fate:peers[0].ports.nginx-http",
         "is not a port that other parties of FATE 2.2.0 call; choose from osx"),
    Case("no engine at all", _in_2(_set("engines", {"computing": "abacus"})),
         "fate:engines.computing", "is not an engine of FATE; choose standalone"),
    Case("storage that does not fit", _in_2(_set("engines", {"storage": "localfs"})),
         "fate:engines.storage", "does not work with computing: standalone; choose standalone"),
    Case("engine's unknown key", _in_2(_set("engines", {"compute": "standalone"})),
         "fate:engines.compute", "did you mean computing?"),
    Case("party's engine of later", _in_2(_party(0, engines={"computing": "Eggroll"})),
         "fate:parties[0].engines.computing",
         '"eggroll" does not work with federation: rabbitmq; choose standalone or spark_local'),
    Case("party's storage that does not fit",
         _in_2(_party(0, engines={"computing": "spark_local", "storage": "standalone"})),
         "fate:parties[0].engines.storage", "does not work with computing: spark_local"),
    Case("party's federation", _in_2(_party(0, engines={"federation": "rabbitmq"})),
         "fate:parties[0].engines",
         "set fate:engines.federation for all of them, and remove the key here"),
    Case("party's engine's unknown key", _in_2(_party(0, engines={"store": "localfs"})),
         "fate:parties[0].engines.store", "did you mean storage?"),
    Case("workers of a party without Spark",
         _in_2(_set("engines", {"computing": "spark"}),
               _party(0, engines={"computing": "spark_local"}, training={"workers": 2})),
         "fate:parties[0].training.workers",
         "to spark, or the party's engines.computing, or remove the key"),
    Case("engines of 1.3", _set("engines", {"computing": "standalone"}), "fate:engines",
         "is not supported by FATE 1.3.0; remove the key"),
    Case("1.3 from packages", _set("images", "packages"), "fate:images",
         "FATE 1.3 cannot be built from packages"),
    Case("images from elsewhere", _in_2(_set("images", "docker")), "fate:images",
         "must be 'registry', 'packages' or 'archive', not \"docker\""),
    Case("archive without its path", _set("images", "archive"), "fate:archive",
         "is missing; add the path of an archive, as `fatectl images save` writes it"),
    Case("archive that is not used", _set("archive", "images.tar"), "fate:archive",
         "is not used; set fate:images to archive"),
    Case("archive with a line break", _both(_set("images", "archive"), _set("archive", "a\nb")),
         "fate:archive", '"a\\nb" is not the path of a file'),
    Case("archive as a list", _both(_set("images", "archive"), _set("archive", ["a"])),
         "fate:archive", "is not the path of a file"),
    Case("eggs in 2", _in_2(_party(0, training={"eggs": 2})), "fate:parties[0].training.eggs",
         "is not supported by FATE 2.2.0; remove the key"),
    Case("notebook in 1.3", _party(0, training={"client": {}}), "fate:parties[0].training.client",
         "is not supported by FATE 1.3.0; remove the key"),
    Case("no cores", _in_2(_party(0, training={"cores": 0})), "fate:parties[0].training.cores",
         "must be 1 or more"),
    Case("no workers", _spark(workers=0), "fate:parties[0].training.workers",
         "must be a whole number from 1 to 200, not 0"),
    Case("workers as a word", _spark(workers="many"), "fate:parties[0].training.workers",
         'must be a whole number from 1 to 200, not "many"'),
    Case("too many workers", _spark(workers=201), "fate:parties[0].training.workers",
         "must be a whole number from 1 to 200, not 201"),
    Case("workers nowhere", _across({}), "fate:parties[0].training.workers", "is empty"),
    Case("no workers on a host", _across({"a": 1, "b": True}), "fate:parties[0].training.workers",
         'for "b" must be a whole number from 1 to 200, not true'),
    Case("too many workers together", _across({"a": 100, "b": 101}),
         "fate:parties[0].training.workers", "are 201 together; at most 200 are possible"),
    Case("workers on a host of others", _across({"b": 1, "c": 1}),
         "fate:parties[0].training.workers",
         '"c" is not one of the party\'s hosts ("a", "b"); add it to fate:parties[0].hosts'),
    Case("unknown host of a party", _across({"a": 1}, hosts=["a", "c"]), "fate:parties[0].hosts[1]",
         '"c" is not one of the Docker hosts under fate:hosts (a, b)'),
    Case("unknown first host of a party", _across({"c": 1}, hosts=["c"]),
         "fate:parties[0].hosts[0]",
         '"c" is not one of the Docker hosts under fate:hosts (a, b)'),
    Case("host and hosts", _across({"a": 1}, host="a"), "fate:parties[0]",
         "has both host and hosts: remove one of the two"),
    Case("no hosts", _across({"a": 1}, hosts=[]), "fate:parties[0].hosts", "is empty"),
    Case("hosts as a word", _across({"a": 1}, hosts="a"), "fate:parties[0].hosts",
         "must be a list"),
    Case("one host twice", _across({"a": 1}, hosts=["a", "a"]), "fate:parties[0].hosts",
         'names "a" twice'),
    Case("workers on a host without an address",
         _both(_across({"a": 1, "b": 1}), lambda c: c["fate:hosts"]["a"].pop("address")),
         "fate:hosts.a.address", "Spark of party 9999 on another Docker host must reach it"),
    Case("workers on a host with a name only",
         _both(_across({"a": 1, "b": 1}), _host("b", address="b.example.org")),
         "fate:hosts.b.address", "set the IPv4 address that other machines use"),
    Case("workers on a host on loopback",
         _both(_across({"a": 1, "b": 1}), _host("b", address="127.0.0.1")),
         "fate:hosts.b.address", "set the IPv4 address that other machines use"),
    Case("OSX's port for executors is the one for others",
         _both(_across({"a": 1, "b": 1}), _set("images", "registry"), _set("peers", []),
               _set("engines", {"computing": "spark", "federation": "osx"}),
               lambda c: c["fate:parties"][0]["training"].update(publish={"osx": 26001})),
         "fate:parties[0].training.spark.ports",
         'port 26001 of Docker host "a" is already used by fate:parties[0].training.publish.osx'),
    Case("workers elsewhere without tables", _across({"b": 2}, spark={}),
         "fate:parties[0].training.spark.tables",
         "need a folder in a file system that all of them have at the same path"),
    Case("relative folder of tables", _spark(spark={"tables": "fate"}),
         "fate:parties[0].training.spark.tables", "is not a folder like /srv/fate"),
    Case("Spark's ports too high", _across({"b": 2}, spark={"tables": "/t", "ports": 65500}),
         "fate:parties[0].training.spark.ports", "leaves too few ports up to 65535"),
    Case("Spark's ports on others",
         _across({"a": 1, "b": 1}, spark={"tables": "/t", "ports": 9290}),
         "fate:parties[0].training.spark.ports", "already used by"),
    Case("no data nodes", _hdfs({"dataNodes": 0}), "fate:parties[0].training.hdfs.dataNodes",
         "must be a whole number from 1 to 8, not 0"),
    Case("data nodes nowhere", _hdfs({"dataNodes": {}}), "fate:parties[0].training.hdfs.dataNodes",
         "is empty"),
    Case("too many data nodes on a host", _hdfs({"dataNodes": {"a": 1, "b": 9}}),
         "fate:parties[0].training.hdfs.dataNodes",
         'for "b" must be a whole number from 1 to 8, not 9'),
    Case("data nodes as a word", _hdfs({"dataNodes": "many"}),
         "fate:parties[0].training.hdfs.dataNodes", 'from 1 to 8, not "many"'),
    Case("data nodes on a host of others", _hdfs({"dataNodes": {"a": 1, "c": 1}}),
         "fate:parties[0].training.hdfs.dataNodes",
         '"c" is not one of the party\'s hosts ("a", "b"); add it to fate:parties[0].hosts'),
    Case("data nodes on a host without an address",
         _hdfs({"dataNodes": {"b": 1}}, lambda c: c["fate:hosts"]["b"].pop("address"), workers=1),
         "fate:hosts.b.address", "HDFS of party 9999 on another Docker host must reach it"),
    Case("HDFS's ports too high", _hdfs({"ports": 65500}), "fate:parties[0].training.hdfs.ports",
         "leaves too few ports up to 65535"),
    Case("HDFS's ports on others", _hdfs({"ports": 26000}), "fate:parties[0].training.hdfs.ports",
         "already used by fate:parties[0].training.spark.ports"),
    Case("HDFS's page on a port taken", _hdfs({}, publish={"notebook": 9870}),
         "fate:parties[0].training.publish.hdfs-ui", "already used by"),
    Case("unknown key of HDFS", _hdfs({"dataNode": 1}), "fate:parties[0].training.hdfs.dataNode",
         "did you mean dataNodes?"),
    Case("HDFS and a folder of tables", _hdfs({}, spark={"tables": "/mnt/fate"}),
         "fate:parties[0].training.spark.tables",
         'is not used with storage: "hdfs", where tables are; remove it'),
    Case("HDFS without its engine", _spark(hdfs={"dataNodes": 2}), "fate:parties[0].training.hdfs",
         "is not used with the usual storage; set fate:engines.storage to hdfs"),
    Case("HDFS beside another storage",
         _both(_spark(hdfs={}), _set("engines", {"computing": "spark", "storage": "localfs"})),
         "fate:parties[0].training.hdfs", 'is not used with storage: "localfs"; set'),
    Case("HDFS with Spark in FATE Flow",
         _in_2(_set("engines", {"computing": "spark_local", "storage": "hdfs"})),
         "fate:engines.storage",
         '"hdfs" does not work with computing: spark_local; choose localfs, or remove the key'),
    Case("workers without Spark", _in_2(_party(0, training={"workers": 2})),
         "fate:parties[0].training.workers",
         'is not used with computing: "standalone"; set fate:engines.computing to spark'),
    Case("size of Spark without Spark", _in_2(_party(0, training={"spark": {"cores": 2}})),
         "fate:parties[0].training.spark", "set fate:engines.computing to spark"),
    Case("workers in 1.3", _party(0, training={"workers": 2}), "fate:parties[0].training.workers",
         "is not supported by FATE 1.3.0"),
    Case("unknown key of Spark", _spark(spark={"core": 2}), "fate:parties[0].training.spark.core",
         "did you mean cores?"),
    Case("workers without cores", _spark(spark={"cores": 0}),
         "fate:parties[0].training.spark.cores", "must be 1 or more"),
    Case("memory of workers as a number", _spark(spark={"memory": 4}),
         "fate:parties[0].training.spark.memory", "is not a size like 512m or 8g"),
    Case("too little memory for Spark", _spark(spark={"driverMemory": "256m"}),
         "fate:parties[0].training.spark.driverMemory", "is less than 512m"),
    Case("too few workers", _spark(cores=8, workers=3, spark={"cores": 2}),
         "fate:parties[0].training.cores",
         "8 are more than the 6 cores of its Spark workers (3 with 2); set it to 6 or less"),
    Case("executors too large", _spark(cores=4, workers=2, spark={"cores": 2, "executorCores": 4}),
         "fate:parties[0].training.spark.executorCores", "set it to 2 or less"),
    Case("too many executors", _spark(cores=4, spark={"executors": 3}),
         "fate:parties[0].training.spark.executors",
         "a job would take 6 cores (3 executors with 2), which is more than training.cores, 4"),
    Case("executors without memory", _spark(spark={"memory": "2g", "executorMemory": "3g"}),
         "fate:parties[0].training.spark.executorMemory", "set it to 2048m or less"),
    Case("Spark's page on a port taken", _spark(publish={"notebook": 8888}),
         "fate:parties[0].training.publish.spark-ui", "already used by"),
    Case("token in plain text", _in_2(_party(0, training={"client": {"token": "hunter2hunter2"}})),
         "fate:parties[0].training.client.token", "is in plain text"),
    Case("FATE Board from packages", _in_2(_publish(0, fateboard=8080)),
         "fate:parties[0].training.publish.fateboard", "choose from rabbitmq,"),
    Case("peer of 2 with a port", _in_2(_set("peers", [{"id": 1, "address": "x.org", "port": 1}])),
         "fate:peers[0].port", "Valid keys: id, address, tls, ports"),
    Case("peer of 1.3 with ports",
         _set("peers", [{"id": 1, "address": "x.org", "ports": {"proxy": 1}}]),
         "fate:peers[0].ports", "Valid keys: id, address, tls, port"),
    Case("peer's unknown port",
         _in_2(_set("peers", [{"id": 1, "address": "x.org", "ports": {"http": 80}}])),
         "fate:peers[0].ports.http", "choose from rabbitmq,"),
    Case("exchange of 2", _in_2(_set("exchange", {"host": "a"})), "fate:exchange",
         "FATE 2 has one only with OSX; set fate:engines.federation to osx, or remove the key"),
    Case("broker on loopback only", _in_2(_host("a", address="10.0.0.1"), _party(1, host="b"),
         _publish(0, rabbitmq="127.0.0.1:5672")), "fate:parties[0].training.publish.rabbitmq",
         "bind it to an address that other machines reach"),
    Case("TLS as a word", _set("tls", "yes"), "fate:tls", "must be a map"),
    Case("TLS perhaps", _set("tls", {"enabled": "perhaps"}), "fate:tls.enabled", "true or false"),
    Case("unknown key of TLS", _set("tls", {"enable": True}), "fate:tls.enable",
         "did you mean enabled?"),
    Case("peer without an authority", _tls(), "fate:peers[0].tls", "add {authority: …}"),
    Case("authority without TLS", _peer_tls(authority=CA), "fate:peers[0].tls",
         "set fate:tls to {enabled: true}"),
    Case("authority that is a path", _tls(_peer_tls(authority="/etc/ca.pem")),
         "fate:peers[0].tls.authority", "does not contain a certificate in PEM format"),
    Case("expired authority", _tls(_peer_tls(authority=OLD.certificate)),
         "fate:peers[0].tls.authority", "expired on"),
    Case("peer's name is an address", _tls(_peer_tls(authority=CA, name="10.0.0.1")),
         "fate:peers[0].tls.name", "is not a DNS name"),
    Case("certificate without TLS", _party_tls(GIVEN), "fate:parties[0].tls",
         "set fate:tls to {enabled: true}", keys_secret=True),
    Case("certificate without a key", _tls(_party_tls({**GIVEN, "key": None})),
         "fate:parties[0].tls.key", "must be a string"),
    Case("key in plain text", _tls(_party_tls(GIVEN), _peer_tls(authority=CA)),
         "fate:parties[0].tls.key", "--path 'fate:parties[0].tls.key'"),
    Case("another certificate's key",
         _tls(_party_tls({**GIVEN, "key": OLD.key.get_secret_value()}), _peer_tls(authority=CA)),
         "fate:parties[0].tls.key", "does not belong to the certificate", keys_secret=True),
    Case("key that is none", _tls(_party_tls({**GIVEN, "key": "x"}), _peer_tls(authority=CA)),
         "fate:parties[0].tls.key", "is not a private key in PEM format", keys_secret=True),
    Case("another authority", _tls(_party_tls({**GIVEN, "authority": OLD.certificate}),
         _peer_tls(authority=CA)), "fate:parties[0].tls.authority", "did not issue",
         keys_secret=True),
    Case("expired certificate", _tls(_party_tls(given(OLD)), _peer_tls(authority=CA)),
         "fate:parties[0].tls.certificate", "expired on", keys_secret=True),
    Case("foreign exchange without an authority",
         _tls(_peer_tls(authority=CA), _set("exchange", {"address": "x.org"})),
         "fate:exchange.tls", "add {authority: …}"),
    Case("foreign exchange with a key", _tls(_peer_tls(authority=CA),
         _set("exchange", {"address": "x.org", "tls": {"authority": CA, "certificate": CA}})),
         "fate:exchange.tls", "somebody else runs the exchange"),
    Case("own exchange with half a certificate", _tls(_peer_tls(authority=CA),
         _set("exchange", {"host": "a", "tls": {"authority": CA, "certificate": CA}})),
         "fate:exchange.tls.key", "this stack runs the exchange"),
    Case("verify as a word", _set("verify", "perhaps"), "fate:verify", "true or false"),
    Case("patches as a word", _in_2(_set("patches", "all")), "fate:patches", "must be a map"),
    Case("a patch as a word", _in_2(_set("patches", {"slowAnswers": "perhaps"})),
         "fate:patches.slowAnswers", "must be true or false"),
    Case("an unknown patch", _in_2(_set("patches", {"rabbitmqLink": False})),
         "fate:patches.rabbitmqLink", "did you mean rabbitmqLinks?"),
    Case("patches of FATE 1.3", _set("patches", {"slowAnswers": False}), "fate:patches",
         "is not supported by FATE 1.3.0"),
]  # fmt: skip
