"""The picture of a deployment: it shows everything, and no text overlaps another or a line."""

import itertools
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from fate_components import lines
from fate_components.cli.__main__ import app
from fate_components.operate.stack import Stack
from fate_components.picture import mermaid, svg
from fate_components.picture.model import Picture, picture, with_states
from fate_components.plan import topology
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD, GOOD_2
from tests.support.random_files import FILES, MARK
from tests.support.stack_files import as_engine
from tools.generated import ROOT

SECRET = {"fate:masterSecret", "fate:parties", "fate:hosts", "fate:registries"}

USUAL = {
    "nginx-http": 9300, "nginx-grpc": 9310, "rabbitmq": 5672, "fateflow-http": 9380,
    "fateflow-grpc": 9360, "rabbitmq-management": 15672, "notebook": 20000, "fateboard": 8080,
}  # fmt: skip


def many(parties: int, hosts: int, **more: Any) -> dict[str, Any]:
    """A stack file of FATE 2 whose parties are on the hosts in turn."""
    host = {f"host-{n}": {"docker": f"ssh://root@h{n}.example.org"} for n in range(hosts)}
    return {
        **GOOD_2,
        "fate:images": "registry",
        "fate:hosts": host,
        "fate:parties": [
            {
                "id": 9000 + n,
                "host": f"host-{n % hosts}",
                "training": {"publish": {name: port + n // hosts for name, port in USUAL.items()}},
            }
            for n in range(parties)
        ],
        **more,
    }


LONG = {
    **GOOD,
    "fate:hosts": {"a" * 63: {"docker": f"ssh://root@{'.'.join(['b' * 60] * 4)}"}},
    "fate:parties": [{"id": 2**63 - 1, "host": "a" * 63}],
    "fate:peers": [{"id": 2**63 - 2, "address": ".".join(["c" * 60] * 4)}],
}
CONFIGS: dict[str, dict[str, Any]] = {
    "ten parties on six hosts": many(10, 6),
    "with TLS": many(10, 6, **{"fate:tls": {"enabled": True}, "fate:peers": []}),
    "eleven hosts": many(14, 11),
    "one host": GOOD_2,
    "long names": LONG,
    **{
        f"{release}, {number}": config
        for release, configs in FILES.items()
        for number, config in enumerate(configs)
    },
}


def planned(config: dict[str, Any]) -> tuple[Picture, topology.Topology]:
    settings, release = parse(as_engine(config), SECRET, "prod")
    plan = lines.plan(settings, release, "prod")
    return picture(plan, settings, release, "prod"), plan


@pytest.mark.parametrize("name", CONFIGS)
def test_no_text_overlaps_another_or_a_line(name: str) -> None:
    no_overlaps(*svg.draw(planned(CONFIGS[name])[0]))


def no_overlaps(canvas: svg.Canvas, width: float, height: float) -> None:
    for label in canvas.labels:
        assert label.x >= 0 <= label.y, label
        assert label.x + label.width <= width, label
        assert label.y + label.height <= height, label
    for a, b in itertools.combinations(canvas.labels, 2):
        beside = a.x + a.width <= b.x or b.x + b.width <= a.x
        assert beside or a.y + a.height <= b.y or b.y + b.height <= a.y, (a, b)
    for label, (x1, y1, x2, y2) in itertools.product(canvas.labels, canvas.lines):
        beside = label.x + label.width <= min(x1, x2) or max(x1, x2) <= label.x
        above = label.y + label.height <= min(y1, y2) or max(y1, y2) <= label.y
        assert beside or above, (label, (x1, y1, x2, y2))


@pytest.mark.parametrize("name", CONFIGS)
def test_both_forms_show_everything(name: str) -> None:
    shown, plan = planned(CONFIGS[name])
    drawing, text = svg.render(shown), mermaid.render(shown)
    ElementTree.fromstring(drawing)
    labels = {label.text for label in svg.draw(shown)[0].labels}
    for party in plan.parties:
        for cluster in party.clusters.values():
            title = f"Party {party.party.id}"
            for form in (drawing, text):
                assert title in form
                assert MARK not in form
            for port, at in cluster.published.items():
                where = str(at.port) if at.everywhere else f"{at.ip}:{at.port}"
                found = [label for label in labels if re.match(rf"{port} ", label)]
                assert any(label.endswith(where) for label in found), (port, where)
                assert re.search(rf"\b{port} ([0-9]+ → )?{re.escape(where)}\b", text), (port, where)
            for service in cluster.services:
                assert any(re.match(rf"{service}( ×|$)", label) for label in labels), service  # noqa: RUF001
    for box in shown.hosts:
        assert f"Docker host {box.name}" in text
        assert box.address is None or box.address in drawing


def test_the_picture_of_ten_parties_on_six_hosts_fits_1600_pixels() -> None:
    canvas, width, _ = svg.draw(planned(CONFIGS["ten parties on six hosts"])[0])
    assert width == 1600
    assert "…" not in "".join(canvas.parts)


def test_an_encrypted_way_looks_different() -> None:
    plain, encrypted = (
        planned(CONFIGS[name])[0] for name in ("ten parties on six hosts", "with TLS")
    )
    ways = [
        [part for part in svg.draw(one)[0].parts if "<path" in part] for one in (plain, encrypted)
    ]
    assert all("stroke-dasharray" in way for way in ways[0])
    assert ways[1]
    assert not any("stroke-dasharray" in way for way in ways[1])
    assert "<-.->" in mermaid.render(plain)
    assert "<==>" in mermaid.render(encrypted)
    assert "<-.->" not in mermaid.render(encrypted)


@pytest.mark.parametrize("name", ["ten parties on six hosts", "with TLS", "long names"])
def test_states_fit_into_the_picture(name: str) -> None:
    shown = with_states(planned(CONFIGS[name])[0], {("9000", "mysql"): ("exited", "ill")})
    no_overlaps(*svg.draw(shown))
    drawing = svg.render(shown)
    ElementTree.fromstring(drawing)
    assert drawing.count('class="service ill"><title>mysql: exited</title>') == (
        name != "long names"
    )
    assert 'class="service unknown"><title>mysql: unknown</title>' in drawing
    assert "prefers-color-scheme: dark" in drawing


def test_the_worst_state_of_a_services_containers_shows() -> None:
    training = {"id": 9999, "host": "a", "training": {"eggs": 2}}
    plain = planned({**GOOD, "fate:parties": [training], "fate:peers": []})[0]
    for second, wanted in (("well", "well"), ("changing", "changing"), ("ill", "ill")):
        states = {("9999", "egg"): ("healthy", "well"), ("9999", "egg-2"): (second, second)}
        assert f'"service {wanted}"><title>egg ×2: ' in svg.render(with_states(plain, states))  # noqa: RUF001
    assert 'class="service' in svg.render(plain)
    assert "prefers-color-scheme" not in svg.render(plain)


@pytest.mark.parametrize(
    ("exchange", "rule"),
    [
        ({"host": "a", "port": 9399}, "call only the exchange on Docker host a, and the exchange"),
        ({"address": "x.example.org"}, "call only the exchange that somebody else runs, and"),
    ],
)
def test_the_exchange_is_shown(exchange: dict[str, Any], rule: str) -> None:
    text = mermaid.render(planned({**GOOD, "fate:exchange": exchange})[0])
    assert rule in text
    assert ("exchange 9370 → 9399" in text) == ("host" in exchange)
    assert ("x.example.org:9371" in text) == ("address" in exchange)


def test_what_is_not_encrypted_is_never_cut() -> None:
    large = ROOT / "examples/several-machines/Pulumi.large.yaml"
    config = yaml.safe_load(large.read_text())["config"]
    found, _ = planned({**config, "fate:masterSecret": GOOD["fate:masterSecret"]})
    drawn = svg.render(found)
    notes = [note for host in found.hosts for one in host.clusters for note in one.notes]
    assert any("is called at" in note for note in notes)
    for note in notes:
        for word in note.split():
            assert word in drawn
    assert "encryp…" not in drawn


def test_peers_are_shown_with_their_ports() -> None:
    text = mermaid.render(planned(GOOD_2)[0])
    assert "Party 10001<br/>  rabbitmq fate.example.org:5672<br/>  nginx-http fate.ex" in text
    assert "nginx-http fate.example.org:80<br/>" in text


@pytest.mark.parametrize("form", ["mermaid", "svg"])
def test_the_command_prints_the_picture(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, release = parse(as_engine(GOOD_2), SECRET, "prod")
    asked: list[str | None] = []

    def read(name: str | None) -> Stack:
        asked.append(name)
        return Stack("prod", settings, release)

    monkeypatch.setattr("fate_components.cli.topology.read", read)
    result = CliRunner().invoke(app, ["topology", "--stack", "prod", "--format", form])
    assert result.exit_code == 0, result.output
    assert asked == ["prod"]
    shown = planned(GOOD_2)[0]
    assert result.output == {"mermaid": mermaid, "svg": svg}[form].render(shown)


def test_the_readme_shows_the_dev_stack() -> None:
    drawn = "docs/dev-stack.svg"
    assert f"]({drawn})" in (ROOT / "README.md").read_text()
    ids = [party["id"] for party in dev_parties()]
    assert all(f"Party {id}" in (ROOT / drawn).read_text() for id in ids)


def dev_parties() -> list[dict[str, Any]]:
    config = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    return list(config["fate:parties"])
