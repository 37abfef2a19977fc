"""Cards: what one operator gives to another, and what becomes of it in the other's stack file."""

import errno
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation as auto
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from fate_components import lines
from fate_components.cli import card as card_command
from fate_components.cli import peer
from fate_components.cli.__main__ import app
from fate_components.cli.stack import Config
from fate_components.crypto import pki
from fate_components.security import card as cards
from fate_components.security import certificates
from fate_components.security.card import Card, CardError
from tests.support.bad_stack_files import GOOD, GOOD_2
from tests.support.stack_files import as_engine

NOW = datetime(2026, 11, 25, tzinfo=UTC)
PARTNER: dict[str, Any] = {
    "fate:hosts": {"theirs": {"docker": "ssh://root@10.1.0.5"}},
    "fate:parties": [{"id": 10005, "host": "theirs"}],
    "fate:peers": [],
}
TLS = {"fate:tls": {"enabled": True}}
MINE: dict[str, Any] = {"fate:peers": []}


def config(*changes: dict[str, Any]) -> Config:
    values: dict[str, Any] = {}
    for change in changes:
        values |= change
    return Config("dev", as_engine(values), {"fate:masterSecret"})


def made(found: Config, party: int = 10005) -> Card:
    stack = found.checked()
    plan = lines.plan(stack.settings, stack.release, stack.name)
    (planned,) = [one for one in plan.parties if one.party.id == party]
    encryption = certificates.of(stack.settings, plan, NOW)
    return cards.of(planned, stack.settings, stack.release, encryption)


def test_a_card_says_what_a_peer_needs_and_no_secret() -> None:
    partner = config(GOOD, PARTNER, TLS)
    text = cards.render(made(partner))
    assert "BEGIN CERTIFICATE" in text
    assert "PRIVATE" not in text
    assert partner.values["fate:masterSecret"] not in text
    assert cards.read(text) == made(partner)
    values = yaml.safe_load(text)
    assert values["party"] == 10005
    assert values["release"] == "1.3.0"
    assert values["gateways"] == {"proxy": {"address": "10.1.0.5", "port": 9370}}
    assert values["tls"]["name"] == "party-10005"


@pytest.mark.parametrize(
    ("line", "more", "keys"),
    [
        (GOOD, {}, {"address": "10.1.0.5", "port": 9370}),
        (
            GOOD,
            {
                "fate:hosts": {
                    "theirs": {"docker": "ssh://root@10.1.0.5"},
                    "other": {"docker": "ssh://root@10.1.0.6"},
                },
                "fate:parties": [
                    {"id": 10005, "host": "theirs", "training": {}, "serving": {"host": "other"}}
                ],
            },
            {
                "address": "10.1.0.5",
                "port": 9370,
                "serving": {"address": "10.1.0.6", "port": 8869},
            },
        ),
        (
            GOOD,
            {"fate:parties": [{"id": 10005, "host": "theirs", "serving": {}}]},
            {"address": "10.1.0.5", "serving": {"port": 8869}},
        ),
        (
            GOOD_2,
            {},
            {
                "address": "10.1.0.5",
                "ports": {"nginx-http": 9300, "nginx-grpc": 9310, "rabbitmq": 5672},
                "federation": "rabbitmq",
            },
        ),
    ],
    ids=["1.3.0", "serving elsewhere", "serving alone", "2.2.0"],
)
def test_the_peer_that_a_card_becomes_leads_to_the_party(
    line: dict[str, Any], more: dict[str, Any], keys: dict[str, Any]
) -> None:
    card = made(config(line, PARTNER, more))
    mine = config(line, MINE)
    found = cards.peer(card, mine.checked().settings)
    assert found == {"id": 10005, **keys}
    settings = config(line, {"fate:peers": [found]}).checked().settings
    for name, gateway in card.gateways.items():
        reached = settings.peers[0].reached_at(name, 1)
        assert reached == (gateway.address, gateway.port)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"fate:hosts": {"theirs": {"docker": "unix:///var/run/docker.sock"}}},
         "set fate:hosts.theirs.address"),
        ({"fate:parties": [{"id": 10005, "host": "theirs",
                            "training": {"publish": {"proxy": "127.0.0.1:9370"}}}]},
         "training.publish.proxy binds it to 127.0.0.1"),
    ],
)  # fmt: skip
def test_a_party_that_others_cannot_call_has_no_card(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(CardError, match="others cannot call party 10005") as raised:
        made(config(GOOD, PARTNER, change))
    assert fault in str(raised.value)


@pytest.mark.parametrize(
    ("theirs", "mine", "said", "fatal"),
    [
        ((GOOD, PARTNER), (GOOD,), "", False),
        ((GOOD_2, PARTNER), (GOOD,), "has FATE 2.2.0, which cannot call FATE 1.3.0", True),
        ((GOOD_2, PARTNER, {"fate:release": "2.0.0", "fate:images": "registry"}), (GOOD_2,),
         "has FATE 2.0.0, and this stack 2.2.0", False),
        ((GOOD, PARTNER, TLS), (GOOD,), "party 10005 has fate:tls enabled, and this stack does not",
         True),
        ((GOOD, PARTNER), (GOOD, MINE, TLS), "this stack has fate:tls enabled, and party 10005 does"
         " not", True),
        ((GOOD, PARTNER), (GOOD, {"fate:parties": [{"id": 10005, "host": "a"}]}),
         "this stack runs a party 10005 itself", True),
    ],
)  # fmt: skip
def test_parties_that_cannot_work_together_are_told(
    theirs: tuple[dict[str, Any], ...], mine: tuple[dict[str, Any], ...], said: str, fatal: bool
) -> None:
    stack = config(*mine).checked()
    found = list(cards.doubts(made(config(*theirs)), stack.settings, stack.release))
    assert [doubt.fatal for doubt in found] == ([fatal] if said else [])
    assert said in "".join(doubt.text for doubt in found)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "it is not a map"),
        ("[", "it is not YAML"),
        ("config: {}", "party"),
        ("{party: 9999, release: 1.3.0, gateways: {proxy: {address: a b, port: 1}}}",
         "gateways.proxy.address"),
        ("{party: 9999, release: 1.3.0, gateways: {}}", "gateways"),
        ("{party: 9999, release: 1.3.0, gateways: {proxy: {address: a, port: 1}}, more: 1}",
         "more"),
    ],
)  # fmt: skip
def test_what_is_not_a_card_is_told(text: str, fault: str) -> None:
    with pytest.raises(CardError, match="is not a card") as raised:
        cards.read(text)
    assert fault in str(raised.value)


def test_a_fingerprint_must_be_that_of_the_authority() -> None:
    values = yaml.safe_load(cards.render(made(config(GOOD, PARTNER, TLS))))
    other = pki.Authority(SecretStr("an authority of somebody else")).certificate
    values["tls"]["authority"] = other
    with pytest.raises(CardError, match="the fingerprint of the card is not that of its"):
        cards.read(yaml.safe_dump(values))


class Project:
    """A project whose stack file is the config."""

    def __init__(self, found: Config) -> None:
        self.config = found
        self.set: dict[str, str] = {}

    def set_all_config(self, name: str, values: dict[str, auto.ConfigValue], path: bool) -> None:
        assert (name, path) == ("dev", True)
        self.set = {key: value.value for key, value in values.items()}


def added(monkeypatch: pytest.MonkeyPatch, found: Config, card: str) -> tuple[Result, Project]:
    project = Project(found)

    @contextmanager
    def workspace(name: str) -> Iterator[tuple[Project, str]]:
        yield project, name

    monkeypatch.setattr(peer, "config", lambda _: found)
    monkeypatch.setattr(peer, "workspace", workspace)
    return CliRunner().invoke(app, ["peer", "add", "-"], input=card), project


def test_a_card_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_command, "read", lambda _: config(GOOD, PARTNER).checked())
    done = CliRunner().invoke(app, ["card", "10005"])
    assert cards.read(done.stdout).party == 10005
    done = CliRunner().invoke(app, ["card", "4711"])
    assert done.exit_code == 1
    assert "stack dev has no party 4711; its parties: 10005" in done.stderr


def test_a_peer_whose_gateways_do_not_answer_yet_is_added_with_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")

    monkeypatch.setattr(peer, "_call", refuse)
    card = made(config(GOOD, PARTNER))
    done, project = added(monkeypatch, config(GOOD), cards.render(card))
    assert done.exit_code == 0, done.output
    assert "proxy of party 10005 (10.1.0.5:9370)" in done.stderr
    assert "does not answer this machine: Connection refused" in done.stderr
    assert project.set == {
        "fate:peers[1].id": "10005",
        "fate:peers[1].address": "10.1.0.5",
        "fate:peers[1].port": "9370",
    }


def test_a_peer_is_added_once(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card.model_validate(
        {"party": 10001, "release": "1.3.0",
         "gateways": {"proxy": {"address": "localhost", "port": 1}}}
    )  # fmt: skip
    done, project = added(monkeypatch, config(GOOD), cards.render(card))
    assert done.exit_code == 1
    assert "`pulumi config rm --stack dev --path 'fate:peers[0]'`" in done.stderr
    assert not project.set


@contextmanager
def served(identity: pki.Identity, folder: Path) -> Iterator[int]:
    """A server with a certificate, at a port of this machine."""
    (folder / "cert").write_text(identity.certificate)
    (folder / "key").write_text(identity.key.get_secret_value())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                connection, _ = listening.accept()
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("authority", ["theirs", "another"])
def test_the_certificate_of_a_gateway_must_be_as_the_card_says(
    tmp_path: Path, authority: str
) -> None:
    theirs = pki.Authority(SecretStr("the authority of the party"))
    issuer = theirs if authority == "theirs" else pki.Authority(SecretStr("another authority"))
    identity = issuer.issue("party-10005", [], datetime.now(UTC))
    with served(identity, tmp_path) as port:
        card = Card.model_validate(
            {"party": 10005, "release": "1.3.0",
             "gateways": {"proxy": {"address": "127.0.0.1", "port": port}},
             "tls": {"authority": theirs.certificate, "name": "party-10005"},
             "fingerprint": cards.fingerprint(theirs.certificate)}
        )  # fmt: skip
        if authority == "theirs":
            assert peer.unreachable(card) == []
        else:
            with pytest.raises(CardError, match="has a certificate that is not as the card says"):
                peer.unreachable(card)
