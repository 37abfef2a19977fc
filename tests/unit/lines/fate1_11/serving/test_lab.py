"""The stand-ins for FATE Serving 2.1 and for FATE Flow's part in it: as strict as the real ones."""

import importlib
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.unit.lines.fate1_11.serving.stacks import S, container, registered, text

LAB = next(one / "lab" / "app" for one in Path(__file__).parents if (one / "lab" / "app").is_dir())
MODEL, JOB = "guest-9999#host-10000#model", "1"
ROLES: dict[str, list[Any]] = {"guest": [9999], "host": [10000]}


@dataclass
class Lab:
    """The lab's modules."""

    folder: Path

    def __getattr__(self, name: str) -> ModuleType:
        return importlib.import_module(f"fate_lab.{name.replace('__', '.')}")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.syspath_prepend(LAB)
    found = Lab(tmp_path)
    monkeypatch.setattr(found.serving_proxy, "LOST_AFTER", 0.0)
    monkeypatch.setattr(found.serving21__proxy, "LOST_AFTER", 0.0)
    yield found
    for name in [name for name in sys.modules if name.partition(".")[0] == "fate_lab"]:
        del sys.modules[name]


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")


def in_background(main: Any, path: Path, values: Mapping[str, object]) -> None:
    path.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
    threading.Thread(target=main, args=(str(path), True), daemon=True).start()


class Party:
    """A party's serving-server, its serving-proxy, and its FATE Flow's models."""

    def __init__(self, lab: Lab, id: str, parties: dict[str, "Party"]) -> None:
        self.lab, self.id, self.parties = lab, id, parties
        self.folder = lab.folder / id
        self.folder.mkdir()
        self.server, self.http, self.intra, self.inter, self.flow = free_ports(5)
        self.servings = [f"127.0.0.1:{self.server}"]
        self.away = False
        self.models = lab.fate1_11__models.Models(
            id, str(self.folder / "models"), ("nowhere.example.org", 9380), self.ask,
            lambda: self.servings, lambda *_: ROLES, lambda: "2",
        )  # fmt: skip
        page = self.page
        flow = lab.protocol.Listener("fateflow-http", id, {}, page)
        flow.serve_in_background("127.0.0.1", self.flow)

    def page(self, _: str, path: str, body: bytes) -> tuple[int, str, bytes]:
        return 200, "application/json", json.dumps(self.answer(path, json.loads(body))).encode()

    def answer(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return dict(self.models.pages[path](dict(body)))
        except Exception as error:
            return {"retcode": 100, "retmsg": repr(error)}

    def ask(self, party: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        other = self.parties[party]
        if other.away:
            return {"retcode": 104, "retmsg": "[Roll Site Error TransInfo] UNAVAILABLE"}
        return other.answer(path, json.loads(json.dumps(body)))

    def start_server(self, **values: object) -> None:
        adapter = "com.webank.ai.fate.serving.adaptor.dataaccess.MockAdapter"
        conf = {
            "port": self.server, "useRegister": "false", "useZkRouter": "false",
            "proxy": f"127.0.0.1:{self.intra}", "model.cache.path": self.folder,
            "model.transfer.url": f"http://127.0.0.1:{self.flow}/v1/model/transfer",
            "feature.single.adaptor": adapter, "feature.batch.adaptor": adapter,
        }  # fmt: skip
        path = self.folder / "serving-server.properties"
        in_background(self.lab.serving21__server.main, path, {**conf, **values})
        wait(self.server)

    def start_proxy(self) -> None:
        table = self.folder / "route_table.json"
        routes = {
            id: {"default": [{"ip": "127.0.0.1", "port": one.inter}]}
            for id, one in self.parties.items()
            if one is not self
        } | {self.id: {"serving": [{"ip": "127.0.0.1", "port": self.server}]}}
        table.write_text(json.dumps({"route_table": routes, "permission": {"default_allow": True}}))
        conf = {
            "coordinator": self.id, "server.port": self.http, "useZkRouter": "false",
            "proxy.grpc.intra.port": self.intra, "proxy.grpc.inter.port": self.inter,
            "route.table": table,
        }  # fmt: skip
        path = self.folder / "application.properties"
        in_background(self.lab.serving21__proxy.main, path, conf)
        wait(self.http)

    def infer(self, service: str = "credit") -> dict[str, Any]:
        body = {"head": {"serviceId": service}, "body": {"featureData": {"x0": 1}}}
        url = f"http://127.0.0.1:{self.http}/federation/v1/inference"
        with urlopen(Request(url, json.dumps(body).encode())) as answer:
            return dict(json.load(answer))


@pytest.fixture
def parties(lab: Lab) -> dict[str, Party]:
    found: dict[str, Party] = {}
    for id in ("9999", "10000"):
        found[id] = Party(lab, id, found)
    found["9999"].models.keep("guest", MODEL, JOB)
    found["10000"].models.keep("host", MODEL, JOB)
    return found


def load(guest: Party, version: str = "2") -> dict[str, Any]:
    return guest.answer("/v1/model/load", request(version))


def request(version: str = "2") -> dict[str, Any]:
    parameters = {
        "use_transfer_url_on_serving": True, "model_id": MODEL, "model_version": version,
    }  # fmt: skip
    roles = {role: [str(one) for one in ids] for role, ids in ROLES.items()}
    initiator = {"role": "guest", "party_id": "9999"}
    return {"initiator": initiator, "role": roles, "job_parameters": parameters}


def deploy(guest: Party) -> dict[str, Any]:
    return guest.answer("/v1/model/deploy", {"model_id": MODEL, "model_version": JOB})


def test_a_model_answers_once_it_is_deployed_loaded_and_bound(parties: dict[str, Party]) -> None:
    guest = parties["9999"]
    for one in parties.values():
        one.start_server()
        one.start_proxy()
    assert guest.infer("")["retmsg"] == "no service id"
    assert guest.infer()["retcode"] == 104
    answer = load(guest, JOB)
    assert answer["retcode"] == 101
    assert "Only deployed models" in answer["data"]["detail"]["host"]["10000"]["retmsg"]
    assert deploy(guest)["data"]["model_version"] == "2"
    bind = {**request(), "service_id": "credit"}
    assert guest.answer("/v1/model/bind", bind)["retcode"] == 104
    assert load(guest)["retcode"] == 0
    assert guest.answer("/v1/model/bind", {**bind, "service_id": ""})["retmsg"] == "no service id"
    assert guest.answer("/v1/model/bind", bind) == {"retcode": 0, "retmsg": "service id is credit"}
    codes = [guest.infer()["retcode"] for _ in range(3)]
    assert codes == [105, 105, 0], "both servers are cold at first"
    assert guest.infer()["data"]["score"] == pytest.approx(0.99, abs=0.01)


def test_a_server_that_starts_again_has_its_models(parties: dict[str, Party], lab: Lab) -> None:
    guest = parties["9999"]
    for one in parties.values():
        one.start_server()
    deploy(guest)
    load(guest)
    guest.answer("/v1/model/bind", {**request(), "service_id": "credit"})
    conf = {"feature.single.adaptor": "a.B", "model.cache.path": str(guest.folder)}
    again = lab.serving21__server.Server(conf, True)
    again.restore()
    assert again.services.keys() == {"credit"}
    assert len(again.models) == 1


def test_what_keeps_a_party_from_loading(parties: dict[str, Party]) -> None:
    guest, host = parties["9999"], parties["10000"]
    guest.start_server()
    deploy(guest)
    for change, says in (
        (lambda: None, "UNAVAILABLE"),
        (lambda: setattr(host, "servings", []), "Please configure servings address"),
        (lambda: (host.folder / "models").rename(host.folder / "x"), "FileNotFoundError"),
    ):
        change()
        answer = load(guest)
        assert answer["retcode"] == 101
        assert says in answer["data"]["detail"]["host"]["10000"]["retmsg"]
    host.away = True
    answer = load(guest)
    assert answer["data"]["host"] == {"10000": 100}
    assert "10000" not in answer["data"]["detail"]["host"]


def test_a_peers_proxy_that_is_away_and_a_route_that_is_missing(parties: dict[str, Party]) -> None:
    guest = parties["9999"]
    for one in parties.values():
        one.start_server()
    guest.start_proxy()
    deploy(guest)
    load(guest)
    guest.answer("/v1/model/bind", {**request(), "service_id": "credit"})
    assert guest.infer()["retcode"] == 105
    assert guest.infer()["retcode"] == 2605


def test_a_folder_of_models_that_cannot_be_written_ends_the_server(lab: Lab) -> None:
    (lab.folder / ".fate").write_text("")
    conf = {"feature.single.adaptor": "a.B", "model.cache.path": str(lab.folder)}
    with pytest.raises(lab.strictconf.ConfError, match="Invalid model cache file"):
        lab.serving21__server.Server(conf, True).restore()


@pytest.mark.parametrize("admin", [False, True])
def test_the_stand_ins_accept_what_is_delivered(lab: Lab, admin: bool) -> None:
    stack = registered(admin=admin)
    for service, module, name in (
        ("serving-server", lab.serving21__server, "serving-server"),
        ("serving-proxy", lab.serving21__proxy, "application"),
        *([("serving-admin", lab.serving21__admin, "application")] if admin else []),
    ):
        path = lab.folder / f"{service}.properties"
        delivered = f"{S}/{service}/conf/{name}.properties"
        path.write_text(text(stack, f"9999-{service}", delivered))
        optional = getattr(module, "OPTIONAL", {})
        lab.strictconf.properties(str(path), module.REQUIRED, optional)


@pytest.mark.parametrize("service", ["serving-server", "serving-proxy", "serving-admin"])
def test_the_stand_ins_accept_the_command_line(
    lab: Lab, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, command = registered(admin=True), lab.serving21__command
    monkeypatch.setattr(command, "HOME", str(lab.folder))
    home = lab.folder / service
    (home / "conf").mkdir(parents=True)
    (home / "lib").mkdir()
    for name in ("lib/log4j-core.jar", f"fate-{service}.jar"):
        (home / name).write_text("")
    logging = f"{S}/{service}/conf/log4j2.xml"
    (home / "conf/log4j2.xml").write_text(text(stack, f"9999-{service}", logging))
    *_, script = container(stack, f"9999-{service}")["command"]
    words = script.partition("exec java ")[2].replace("'", "").split()
    started = []
    module = importlib.import_module(f"fate_lab.serving21.{service.removeprefix('serving-')}")
    monkeypatch.setattr(module, "main", lambda *given: started.append(given))
    monkeypatch.chdir(home)
    assert command.is_ours(words)
    command.run(words)
    name = "serving-server" if service == "serving-server" else "application"
    conf = str(home / f"conf/{name}.properties")
    assert started == [(conf, service == "serving-server")]
    monkeypatch.chdir(lab.folder)
    with pytest.raises(lab.strictconf.ConfError, match="paths are relative"):
        command.run(words)


def test_who_registers_is_found_until_nothing_is_heard_of_them(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = lab.serving21__zookeeper.Registered()
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    registered.register({"host": "10.0.0.1", "port": 8000, "names": ["serving", "credit"]})
    other = {"host": "10.0.0.2", "port": 8879, "names": ["proxy"]}
    assert registered.register(other)["credit"] == [("10.0.0.1", 8000)]
    now[0] = 10.0
    assert registered.register(other) == {"proxy": [("10.0.0.2", 8879)]}


def test_the_log_in_of_the_administration(lab: Lab) -> None:
    admin = lab.serving21__admin.Admin("admin", "secret")

    def log_in(password: str) -> int:
        body = json.dumps({"username": "admin", "password": password}).encode()
        return int(json.loads(admin.page("POST", "/api/admin/login", body)[2])["retcode"])

    assert (log_in("secret"), log_in("other")) == (0, 120)
