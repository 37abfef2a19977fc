"""Random stack files and release files: valid ones, in which a few things were changed."""

import copy
import functools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import strategies as st

from fate_components.releases import catalogue
from tests.support.bad_stack_files import CA, GIVEN, GOOD, GOOD_2
from tests.support.stack_files import as_engine

MARK = "hunter2"
"""A part of every secret in the files, so it must not be part of any error."""

COMMON: dict[str, Any] = yaml.safe_load(
    """
    fate:registry: registry.example.org:5000
    fate:keepData: false
    fate:verify: true
    fate:masterSecret: hunter2-correct-horse-battery
    fate:registries:
      - {address: "registry.example.org:5000", user: me, password: hunter2-registry}
      - {address: docker.io, user: you, password: hunter2-hub}
    fate:hosts:
      a: {docker: "unix:///var/run/docker.sock", address: 10.0.0.1, bind: 10.0.0.1,
          subnet: 10.200.0.0/16, data: /srv/fate}
      b: {docker: "ssh://root@b.example.org:22", logs: {maxSize: 20m, maxFile: 2}}
    """
)
FULL: dict[str, Any] = COMMON | yaml.safe_load(
    """
    fate:release: 1.3.0
    fate:parties:
      - id: 9999
        host: a
        training:
          eggs: 2
          processors: 2
          uploads: /srv/uploads
          mysql: {password: hunter2-mysql, rootPassword: hunter2-root}
          redis: {password: hunter2-redis}
          publish: {fateboard: "0.0.0.0:8080", proxy: 9390}
        serving:
          host: b
          adapter: TestFilePick
          redis: {password: hunter2-serving}
          publish: {serving-http: 8060}
      - {id: 10000, host: b}
      - {id: 10002, host: a, serving: {publish: {serving-grpc: "10.0.0.1:8870"}}}
    fate:peers:
      - id: 10001
        address: fate.example.org
        port: 9370
        serving: {address: 198.51.100.7, port: 8869}
      - {id: 10003, address: 198.51.100.8}
    fate:exchange: {host: b, port: 9371}
    """
)
FULL_2: dict[str, Any] = COMMON | yaml.safe_load(
    """
    fate:release: 2.2.0
    fate:images: registry
    fate:engines: {computing: spark_local, federation: rabbitmq, storage: localfs}
    fate:patches: {rabbitmqThreads: true, rabbitmqLinks: false, slowAnswers: false}
    fate:parties:
      - id: 9999
        host: a
        training:
          cores: 4
          uploads: /srv/uploads
          mysql: {password: hunter2-mysql, rootPassword: hunter2-root}
          rabbitmq: {password: hunter2-rabbitmq}
          client: {token: hunter2-token}
          publish: {notebook: "0.0.0.0:20001", nginx-http: 9301}
      - {id: 10000, host: b}
    fate:peers:
      - id: 10001
        address: fate.example.org
        ports: {nginx-http: 80, nginx-grpc: 9310, rabbitmq: 5672}
        federation: rabbitmq
    """
)
SPARK: dict[str, Any] = {
    "fate:engines": {"computing": "spark"},
    "fate:parties": [
        {
            "id": 9999,
            "host": "a",
            "training": {
                "workers": 2,
                "cores": 8,
                "spark": {
                    "cores": 4,
                    "memory": "8g",
                    "executors": 2,
                    "executorCores": 2,
                    "executorMemory": "2g",
                    "driverMemory": "1g",
                },
                "publish": {"spark-ui": 8889},
            },
        },
        {"id": 10000, "host": "b", "engines": {"computing": "spark_local", "storage": "localfs"}},
    ],
}
SPREAD: dict[str, Any] = SPARK | {
    "fate:hosts": {
        "a": {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"},
        "b": {"docker": "ssh://root@b.example.org:22", "address": "10.0.0.2"},
    },
    "fate:parties": [
        {
            "id": 9999,
            "hosts": ["a", "b"],
            "training": {
                "workers": {"a": 1, "b": 2},
                "spark": {"ports": 27000, "tables": "/mnt/fate"},
                "place": {"mysql": "b:3307", "client": "b", "fateboard": "b"},
                "publish": {"notebook": 20001, "fateboard": 8081},
            },
        },
        {"id": 10000, "host": "b"},
    ],
}
EGGS: dict[str, Any] = FULL | {
    "fate:hosts": SPREAD["fate:hosts"],
    "fate:parties": [
        {
            "id": 9999,
            "hosts": ["a", "b"],
            "training": {
                "eggs": {"a": 1, "b": 2},
                "eggPort": 7900,
                "allowTableLoss": True,
                "place": {"mysql": "b", "redis": "b:6380"},
            },
        },
        {"id": 10000, "host": "b"},
    ],
}
OSX: dict[str, Any] = {
    "fate:engines": {"computing": "eggroll", "federation": "osx"},
    "fate:exchange": {"host": "b", "port": 9371},
    "fate:hosts": SPREAD["fate:hosts"],
    "fate:parties": [
        {"id": 9999, "host": "a", "training": {"publish": {"osx": "0.0.0.0:9372"}}},
        {"id": 10000, "host": "b", "engines": {"computing": "standalone"}},
    ],
    "fate:peers": [{"id": 10001, "address": "fate.example.org", "ports": {"osx": 9370}}],
}
IN_HDFS: dict[str, Any] = SPREAD | {
    "fate:engines": {"computing": "spark", "storage": "hdfs"},
    "fate:parties": [
        {
            "id": 9999,
            "hosts": ["a", "b"],
            "training": {
                "workers": {"a": 1, "b": 1},
                "hdfs": {"dataNodes": {"a": 1, "b": 2}, "ports": 24000},
            },
        },
        {"id": 10000, "host": "b"},
    ],
}
TLS: dict[str, Any] = {
    "fate:tls": {"enabled": True},
    "fate:peers": [{"id": 10001, "address": "fate.example.org", "tls": {"authority": CA}}],
}
GIVEN_TLS = {"id": 10000, "host": "b", "tls": {**GIVEN, "key": f"{GIVEN['key']}{MARK}"}}
# Databases that somebody else runs.
THEIRS = {"address": "db.example.org", "port": 3307, "password": "hunter2!"}
EXTERNAL = FULL | {
    "fate:parties": [
        {
            "id": 9999,
            "host": "a",
            "training": {
                "mysql": {**THEIRS, "user": "flow", "database": "of_9999"},
                "redis": THEIRS,
            },
            "serving": {"redis": {**THEIRS, "port": 6380}},
        },
        {"id": 10000, "host": "b", "training": {"mysql": {**THEIRS, "port": 3308}}},
    ]
}
EXTERNAL_2 = FULL_2 | {
    "fate:parties": [
        {"id": 9999, "host": "a", "training": {"mysql": {**THEIRS, "database": "of_9999"}}}
    ]
}
TCP = {"docker": "tcp://b.example.org:2376", "tls": GIVEN_TLS["tls"]}
FILES: dict[str, list[dict[str, Any]]] = {
    "1.3.0": [
        FULL,
        {key: value for key, value in FULL.items() if key != "fate:exchange"},
        EGGS,
        FULL | {"fate:images": "archive", "fate:archive": "/srv/images.tar.gz"},
        FULL | {"fate:exchange": {"address": "exchange.example.org", "port": 9371}},
        FULL | TLS | {"fate:parties": [*FULL["fate:parties"][:1], GIVEN_TLS]},
        EXTERNAL,
        FULL | {"fate:hosts": FULL["fate:hosts"] | {"b": TCP}},
        GOOD | {"fate:masterSecret": COMMON["fate:masterSecret"]},
    ],
    "2.2.0": [
        EXTERNAL_2,
        FULL_2,
        FULL_2 | TLS,
        FULL_2 | SPARK,
        FULL_2 | SPREAD,
        FULL_2 | IN_HDFS,
        FULL_2 | SPREAD | TLS,
        FULL_2 | OSX,
        FULL_2 | OSX | TLS,
        GOOD_2 | {"fate:masterSecret": COMMON["fate:masterSecret"]},
    ],
}

# Values and names of keys for which nobody asked.
LONG = "x" * 300
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 80, 9380, 65535, 65536, 2**31, 2**64, 10**60, 10**4000, 0.5,
    9999.0, -0.0, 1e300, float("nan"), float("inf"), "", " ", "0", "-1", "9999", "1e3", "0x10",
    "٣", "a", "b", "true", "null", "NaN", "[]", "{}", "[", "[" * 100_000, "1" * 5000, LONG,
    "a\nb", "a\r\n  fate:hosts: fine", "\t", "\0", "\x1b[31mred", "\x7f", "\u2028", "\ud800", "é",
    "名", "🙂", "a b", 'a"b', "a'b", "a\\b", "a.b", "a/b", "a:b", "a@b", "a_b", "-a", "a-", "$(a)",
    "../a", "%s", "{a}", "ssh://root@c", "ssh://root@b.example.org", "ssh://c:22\n", " ssh://c", "tcp://c:2376",
    "SSH://c", "ssh://root:hunter2@c", "ssh://root:hun/ter2@c", "ssh://root:hunter2#@c",
    "tcp://root:hunter2@c", "ssh://root:hunter2@c:port", "ssh://[::1]", "ssh://root:hunter2@[c",
    "ssh://c\uff1ahunter2@c", "unix:///run/docker.sock", "unix:///run/\ndocker.sock",
    "UNIX:///run/docker.sock", " unix:///run/docker.sock", f"unix:///{LONG}", "unix:///a\0",
    "https://root:hunter2@c", "root:hunter2@c", "r:0", "r:65536", "R", "r..c", "r/a..b", "r_s:1",
    f"r/{LONG}", "localhost", "127.0.0.1", "0.0.0.0", "10.0.0.1", "10.200.0.1", "10.200.3.4",
    "010.0.0.1", "10.0.0.256", "255.255.255.255", "::1", "a.b.example.org", "a_b.example.org",
    "b.example.org", "a.1b", "a." * 130 + "a", "10.0.0.0/16", "10.0.0.1/16", "10.201.0.0/16",
    "172.20.0.0/255.255.0.0", "10.0.0.0/8", "0.0.0.0/0", "127.0.0.1:8081", "0.0.0.0:9301",
    "10.0.0.1:9302", "1.2.3:80", "10.0.0.1:", ":80", "9" * 30 + "g", "1k", "01m", "a..b", "A$b.C",
    "/etc/x", "/srv/../x", "/srv/a:b",
    "1.3.0", "2.2.0", "2.0.0", "packages", "registry", "standalone", "Spark_Local", "eggroll",
    [], [[]], [[[[[[1]]]]]], {}, {"": ""}, {"a": {"b": {"c": 1}}}, {"password": "hunter2-x"},
    ["hunter2-x"], {"host": "a"}, {"id": 1, "host": "a"}, [{"id": 2, "address": "c"}],
)  # fmt: skip
KEYS = (
    "", " ", "a", "A", "a b", "a.b", "a\nb", "a\"b", "[0]", "\0", "\ud800", "é", "-", "-a", "id",
    "host", "hosts", "address", "bind", "docker", "logs", "subnet", "port", "ports", "password",
    "token", "data", "uploads",
    "training", "serving", "publish", "proxy", "nginx-http", "fateflow-http", "fateboard", "mysql",
    "rootPassword", "root_password", "user", "database", "max_size",
    "release", "exchange", "peers", "engines",
    "services", "image", "cpus", "memory", "egg", "fateflow", "spark", "workers", LONG,
)  # fmt: skip
KEEP_SECRETS = ("tls", "training", "serving", "mysql", "redis", "rabbitmq", "client")
STACKS = ("dev", "dev", "dev", "prod.eu", "my_stack", "Dev", "s" * 30, "s" * 100)

odd_values = st.one_of(
    st.sampled_from(ODD),
    st.sampled_from(ODD),
    st.integers(),
    st.integers(1, 70_000),
    st.floats(),
    st.text(max_size=20),
    st.integers(1, 65535).map(str),
)
odd_keys = st.one_of(st.sampled_from(KEYS), st.text(max_size=5))

# Values that are valid by themselves, by key.
ports = st.one_of(
    st.integers(1, 65535), st.sampled_from([8080, 9360, 9370, 9371, 9380, 9300, "0.0.0.0:9380"])
)
hostnames = st.sampled_from(
    ["10.0.0.1", "10.0.0.2", "127.0.0.1", "localhost", "c.example.org", "b.example.org", "c", "a_b"]
)
VALID: dict[str, st.SearchStrategy[Any]] = {
    "adapter": st.sampled_from(["TestFilePick", "org.example.Adapter$A"]),
    "address": hostnames,
    "bind": st.sampled_from(["10.0.0.1", "0.0.0.0", "192.0.2.7"]),
    "cores": st.integers(1, 1024),
    "cpus": st.sampled_from([0.01, 0.5, 4, 1024]),
    "data": st.sampled_from(["/srv/fate", "/data/projects/fate/", "/var/lib/fate"]),
    "docker": hostnames.map("ssh://{}".format) | st.just("unix:///run/docker.sock"),
    "eggPort": st.integers(1, 65535),
    "eggs": st.integers(1, 200)
    | st.dictionaries(st.sampled_from("abc"), st.integers(1, 100), min_size=1),
    "executorCores": st.integers(1, 8),
    "executorMemory": st.sampled_from(["512m", "8g"]),
    "executors": st.integers(1, 8),
    "exchange": st.fixed_dictionaries({"host": st.sampled_from("ab")}, optional={"port": ports}),
    "host": st.sampled_from("ab"),
    "id": st.integers(1, 3) | st.sampled_from([9999, 9999 + 239, 10000, 2**63 - 1]),
    "image": st.sampled_from(["a:1", "r.example.org:5000/a/b:1.0-x"]),
    "allowTableLoss": st.booleans(),
    "archive": st.sampled_from(["images.tar", "/srv/images.tar.zst"]),
    "images": st.sampled_from(["packages", "registry", "archive"]),
    "keepData": st.booleans(),
    "maxFile": st.integers(1, 1000),
    "maxSize": st.sampled_from(["1k", "999999g"]),
    "memory": st.sampled_from(["6m", "8g"]),
    "parties": st.just([{"id": 1, "host": "a"}]),
    "peers": st.just([]),
    "port": st.integers(1, 65535),
    "processors": st.integers(1, 256),
    "publish": st.dictionaries(st.sampled_from(["proxy", "rabbitmq", "fateflow-http"]), ports),
    "registry": st.sampled_from(["fate-lab", "registry.example.org/a/b", "r:5000", "a__b/c-d"]),
    "release": st.sampled_from(["1.3.0", "2.0.0", "2.2.0"]),
    "serving": st.fixed_dictionaries({}, optional={"host": st.sampled_from("ab")}),
    "services": st.dictionaries(
        st.sampled_from(["egg", "proxy", "fateflow", "serving-redis", "mysql"]),
        st.fixed_dictionaries({}, optional={"cpus": st.just(1), "image": st.just("a:1")}),
    ),
    "subnet": st.sampled_from(["10.0.0.0/16", "10.201.0.0/16", "192.168.0.0/16"]),
    "training": st.just({}),
    "uploads": st.sampled_from(["/srv/fate", "/home/me/files/"]),
    "tables": st.sampled_from(["/srv/fate", "/mnt/fate/"]),
    "verify": st.booleans(),
    "workers": st.integers(1, 200),
    **dict.fromkeys(("proxy", "fateboard", "fateflow-http", "notebook", "rabbitmq"), ports),
}


Draw = Callable[[st.SearchStrategy[Any]], Any]
Change = Callable[[Draw, Any, Any, dict[str, Any]], None]
"""A change to a file at one place: draws what it needs, and gets the map or list, its key or index,
and the whole file."""


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every item of every map and list in a value, with the map or list that it is in."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(items):
        yield value, key
        if isinstance(item, dict | list):
            yield from places(item)


def is_secret(value: Any) -> bool:
    return isinstance(value, str) and MARK in value


def drop(draw: Draw, where: Any, key: Any, config: dict[str, Any]) -> None:
    del where[key]


def replace(draw: Draw, where: Any, key: Any, config: dict[str, Any]) -> None:
    where[key] = draw(odd_values)


def vary(draw: Draw, where: Any, key: Any, config: dict[str, Any]) -> None:
    """Set a valid value, which may not fit the others."""
    if isinstance(where, dict) and key.removeprefix("fate:") in VALID:
        where[key] = draw(VALID[key.removeprefix("fate:")])


def add_party(draw: Draw, where: Any, key: Any, config: dict[str, Any]) -> None:
    parties = config.get("fate:parties")
    if isinstance(parties, list):
        base = draw(st.sampled_from([0, 1, 2000, 20_000]))
        release = catalogue.load("1.3.0" if config.get("fate:release") == "1.3.0" else "2.2.0")
        release = release.federated_by("rabbitmq").computing_with("standalone")
        kind, facts = "training", release
        if release.serving and draw(st.booleans()):
            kind, facts = "serving", release.serving_cluster
        publish = {name: port + base for name, port in facts.published.items()}
        if config.get("fate:images") == "packages":
            publish.pop("fateboard", None)
        parties.insert(
            draw(st.integers(0, len(parties))),
            {"id": draw(VALID["id"]), "host": draw(VALID["host"]), kind: {"publish": publish}},
        )


def copy_from_elsewhere(draw: Draw, where: Any, key: Any, config: dict[str, Any]) -> None:
    found = [some[name] for some, name in places(config) if not is_secret(some[name])]
    where[key] = draw(st.sampled_from(found))


def rename(draw: Draw, where: Any, key: Any, config: dict[str, Any]) -> None:
    if isinstance(where, dict) and not is_secret(where[key]):
        similar = [key.upper(), key + "s", key[:-1], key + " ", re.sub("([A-Z])", r"_\1", key)]
        new = draw(st.one_of(odd_keys, st.sampled_from(similar)))
        prefix = "fate:" if key.startswith("fate:") and not new.startswith("fate:") else ""
        where[prefix + new] = where.pop(key)


def duplicate(draw: Draw, where: Any, key: Any, config: dict[str, Any]) -> None:
    item = copy.deepcopy(where[key])
    if isinstance(where, list):
        where.insert(draw(st.integers(0, len(where))), item)
    elif where is not config:
        where[draw(odd_keys)] = item


def add(draw: Draw, where: Any, key: Any, config: dict[str, Any]) -> None:
    if isinstance(where, dict):
        prefix = "fate:" if where is config else ""
        where[prefix + draw(odd_keys)] = draw(odd_values)
    else:
        where.append(draw(odd_values))


def shuffle(draw: Draw, where: Any, key: Any, config: dict[str, Any]) -> None:
    if isinstance(where[key], list):
        where[key] = draw(st.permutations(where[key]))
    elif isinstance(where[key], dict):
        where[key] = dict(draw(st.permutations(list(where[key].items()))))


def wrap(draw: Draw, where: Any, key: Any, config: dict[str, Any]) -> None:
    where[key] = draw(st.sampled_from([[where[key]], {"a": where[key]}, {key: where[key]}]))


def unwrap(draw: Draw, where: Any, key: Any, config: dict[str, Any]) -> None:
    inner = where[key]
    if isinstance(inner, dict | list) and inner:
        items = list(inner.values() if isinstance(inner, dict) else inner)
        item = draw(st.sampled_from(items))
        if key in KEEP_SECRETS or not is_secret(item):
            where[key] = item


def as_text(draw: Draw, where: Any, key: Any, config: dict[str, Any]) -> None:
    """Write a map or a list as text, perhaps not as JSON any more."""
    if isinstance(where[key], dict | list):
        text = json.dumps(where[key])
        where[key] = text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) else text


def tweak(draw: Draw, where: Any, key: Any, config: dict[str, Any]) -> None:
    value = where[key]
    if isinstance(value, str):
        odd = draw(st.sampled_from(["\n", " ", "é", "\0", "x", "1", "-", ".", ":", "@", "/"]))
        where[key] = draw(st.sampled_from([value + odd, odd + value, value.upper()]))
    elif isinstance(value, int):
        where[key] = draw(st.sampled_from([value + 1, -value, value * 1000, str(value)]))


MISTAKES: tuple[Change, ...] = (
    drop, shuffle, replace, replace, copy_from_elsewhere, rename, duplicate, add, wrap, unwrap,
    as_text, tweak, tweak,
)  # fmt: skip
# These can leave a file valid.
GENTLE: tuple[Change, ...] = (vary, vary, vary, add_party, drop, shuffle)


def changed(draw: Draw, files: list[dict[str, Any]], changes: tuple[Change, ...]) -> dict[str, Any]:
    """One of the files with up to five changes."""

    def draw_new(strategy: st.SearchStrategy[Any]) -> Any:
        return copy.deepcopy(draw(strategy))  # a later change must not reach into the next file

    file: dict[str, Any] = draw_new(st.sampled_from(files))
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3, 5]))):
        if found := list(places(file)):
            where, key = found[draw(st.integers(0, len(found) - 1))]
            draw(st.sampled_from(changes))(draw_new, where, key, file)
    return file


@dataclass(frozen=True)
class StackFile:
    """A stack file as the engine passes it to the program.

    Args:
        config: texts by full key; lists and maps as JSON.
        encrypted: the full keys whose values contain something encrypted.
        stack: the stack's name.
    """

    config: dict[str, str]
    encrypted: frozenset[str]
    stack: str


def in_utf8(text: str) -> str:
    """A text as the engine can pass it."""
    return text.encode(errors="replace").decode()


@st.composite
def stack_files(draw: Draw, release: str) -> StackFile:
    """Stack files that were good ones of a release."""
    changes = GENTLE if draw(st.booleans()) else (*MISTAKES, *GENTLE)
    config = changed(draw, FILES[release], changes)
    encrypted = {"fate:masterSecret", "fate:parties", "fate:hosts", "fate:registries"}
    if draw(st.integers(0, 9)) == 0:
        encrypted.discard(draw(st.sampled_from(sorted(encrypted))))
    passed = {in_utf8(key): in_utf8(value) for key, value in as_engine(config).items()}
    return StackFile(passed, frozenset(encrypted), draw(st.sampled_from(STACKS)))


@st.composite
def release_files(draw: Draw, name: str) -> dict[str, Any]:
    """The facts in a release's file, with mistakes."""
    return changed(draw, [facts_of(name)], MISTAKES)


@functools.cache
def facts_of(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((catalogue.RELEASES / f"{name}.yaml").read_text()))
