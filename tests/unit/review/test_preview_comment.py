"""Comments on pull requests, from what `pulumi preview --json` printed for many kinds of change."""

import copy
import json
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from fate_components.cli.__main__ import app
from fate_components.releases import catalogue
from fate_components.review import comment
from fate_components.review.steps import PreviewError, read
from tests import toy_line
from tests.support.previews.trim import trimmed
from tools.generated import ROOT

PREVIEWS = ROOT / "tests" / "support" / "previews"
NAMES = sorted(path.stem for path in PREVIEWS.glob("*.json"))

# The line of summary, without what it counts, and that of what happens to data.
SUMMARIES = {
    "nothing": "",
    "an-egg-more": "Interrupts nothing. New volumes for `egg` of party 9999. No data is touched.",
    "a-port": "Interrupts `fateboard` of party 9999; no job is interrupted. Data is kept.",
    "a-limit": "Interrupts `fateboard` of party 9999; no job is interrupted. Data is kept.",
    "a-peer": "Interrupts nothing. No data is touched.",
    "an-exchange": "Interrupts `proxy` of party 9999 and `proxy` of party 10000; running jobs of "
    "party 9999 and party 10000 fail. No data is touched.",
    "a-new-party": "Interrupts nothing. New volumes for `egg`, `mysql`, `python` and `redis` of "
    "party 10001. No data is touched.",
    "a-party-less": "Interrupts `proxy` of party 9999 and `egg`, `fateboard`, `federation`, "
    "`meta-service` and 5 more of party 10000; running jobs of party 9999 and party 10000 fail. "
    "The data of `egg`, `mysql`, `python` and `redis` of party 10000 stays on the Docker host, "
    "unused.",
    "a-party-and-its-data": "Interrupts `proxy` of party 9999 and `egg`, `fateboard`, "
    "`federation`, `meta-service` and 5 more of party 10000; running jobs of party 9999 and party "
    "10000 fail. ⚠️ **Deletes the data of `egg`, `mysql`, `python` and `redis` of party 10000.**",
    "a-password": "Interrupts `fateboard`, `meta-service`, `mysql` and `python` of party 9999; "
    "running jobs of party 9999 fail. Data is kept.",
    "a-databases-image": "Interrupts `mysql` of party 9999; running jobs of party 9999 fail. ⚠️ "
    "Another image reads the existing data of `mysql` of party 9999: make a backup first.",
    "keep-no-data": "⚠️ From now on, `pulumi destroy` deletes the data of party 9999 and party "
    "10000.",
    "a-subnet": "Interrupts `egg`, `fateboard`, `federation`, `meta-service` and 5 more of party "
    "9999 and `egg`, `fateboard`, `federation`, `meta-service` and 5 more of party 10000; running "
    "jobs of party 9999 and party 10000 fail. Data is kept.",
    "a-serving-cluster": "Interrupts `python` of party 9999; running jobs of party 9999 fail. New "
    "volumes for `serving-redis` and `serving-server` of party 9999. Data is kept.",
    "a-mistake": "**The preview failed: nothing can be deployed like this.**",
}


def printed(name: str) -> dict[str, Any]:
    """What `pulumi preview --json` printed, trimmed."""
    return dict(json.loads((PREVIEWS / f"{name}.json").read_text()))


def rendered(found: dict[str, Any], stack: str = "prod") -> str:
    return comment.render(read(json.dumps(found)), stack)


@pytest.mark.parametrize("name", NAMES)
def test_a_preview_makes_this_comment(name: str) -> None:
    text = rendered(printed(name))
    assert text == (PREVIEWS / f"{name}.md").read_text()
    summary = text.splitlines()[3]
    assert re.sub(r"^\*\*([0-9].*?|No changes)\.\*\* ?", "", summary) == SUMMARIES[name]


def test_a_proxy_is_restarted_for_routes_that_were_changed_by_hand() -> None:
    found = printed("a-peer")
    assert "restarts" not in rendered(found)
    for step in found["steps"]:
        step["newState"]["inputs"]["environment"]["REPAIRS"] = "1"
    text = rendered(found)
    assert "running jobs of party 9999 and party 10000 fail" in text
    assert text.count("restarts the proxy, which forgets its routes |") == 2


def test_the_proxy_of_an_exchange_interrupts_all_parties() -> None:
    text = json.dumps(printed("an-exchange")).replace("9999-proxy-routes", "exchange-routes")
    assert "Interrupts `proxy` of party 10000 and the exchange; running jobs of" in rendered(
        json.loads(text)
    )
    assert "all parties" in rendered(json.loads(text))


def replaced(service: str, release: str) -> str:
    """The comment on a preview that replaces a container of party 9999."""
    text = json.dumps(printed("a-port")).replace("fateboard", service)
    return rendered(json.loads(text.replace('"1.3.0"', json.dumps(release))))


@pytest.mark.parametrize(
    ("service", "release", "said"),
    [
        ("client", "2.2.0", "no job is interrupted."),
        ("serving-proxy", "1.3.0", "no job is interrupted; inference requests to party 9999 fail"),
        ("osx", "2.2.0", "running jobs of party 9999 fail."),
        ("roll", "2.2.0", "running jobs of party 9999 fail."),  # of the release before
        ("serving-proxy", "9.9.9", "no job is interrupted; inference requests to party 9999 fail"),
        ("unheard-of", "1.3.0", "running jobs of party 9999 fail."),
    ],
)
def test_the_release_tells_what_a_service_interrupts(service: str, release: str, said: str) -> None:
    assert f"Interrupts `{service}` of party 9999; {said}" in replaced(service, release)


def test_a_service_of_another_line_tells_it_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    facts = yaml.safe_load(Path(toy_line.__file__).with_name("release.yaml").read_text())
    facts["services"]["page"] = {
        "image": "page:1", "address": 12, "ports": {"page": 80}, "interrupts": "pages",
    }  # fmt: skip
    (tmp_path / "0.2.0.yaml").write_text(yaml.safe_dump(facts))
    monkeypatch.setattr(catalogue, "RELEASES", tmp_path)
    assert "`page` of party 9999; no job is interrupted." in replaced("page", "0.2.0")
    assert "running jobs of party 9999 fail" in replaced("redis", "0.2.0")


def test_all_kinds_of_change_are_there() -> None:
    assert set(NAMES) == set(SUMMARIES)
    assert len(NAMES) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_every_change_of_a_resource_is_in_the_details(name: str) -> None:
    found = printed(name)
    rows = re.findall(r"^\| .*? \| \w+ `(.*?)` \| (\S+)", rendered(found), re.M)
    words = {"create": "created", "update": "updated", "replace": "replaced", "delete": "removed"}
    wanted = [
        (step["urn"].split("::")[-1], words[step["op"]])
        for step in found["steps"]
        if step["op"] in words and (step.get("newState") or step["oldState"])["custom"]
    ]
    assert sorted(rows) == sorted(wanted)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_engine_does_not_matter(name: str) -> None:
    found = printed(name)
    random.Random(1).shuffle(found["steps"])
    assert rendered(found) == rendered(printed(name))


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_is_shown(name: str) -> None:
    """Not even if the preview was made with --show-secrets."""

    def with_secrets(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {key: with_secrets(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [with_secrets(one) for one in value]
        return "hunter2" if value == "[secret]" else value

    found = with_secrets(printed(name))
    for step in found["steps"]:
        for state in (step.get("oldState"), step.get("newState")):
            if state and state.get("inputs"):
                state["inputs"].update(uploads=[{"content": "hunter2"}], envs=["P=hunter2"])
    text = rendered(found)
    assert "hunter2" not in text
    assert text == rendered(printed(name))


def many(parties: int) -> dict[str, Any]:
    """A preview that replaces everything of many parties."""
    found = printed("a-subnet")
    of_one = [one for one in found["steps"] if one["urn"].split("::")[-1].startswith("9999")]
    text = json.dumps(of_one)
    for id in range(20000, 20000 + parties):
        found["steps"] += json.loads(text.replace("9999", str(id)))
    return found


@pytest.mark.parametrize("parties", [3, 150])
def test_a_comment_is_not_longer_than_github_takes(parties: int) -> None:
    text = rendered(many(parties))
    assert len(text) <= len(text.encode()) <= comment.MAX_LENGTH
    summary = text.splitlines()[3]
    assert len(summary) < 2000
    assert text.count("<details>") == text.count("</details>")
    if parties > 100:
        assert len(text) > comment.MAX_LENGTH * 0.9
        assert re.search(
            r"\n[0-9]+ more changes: `pulumi preview --stack prod` shows them\.\n$", text
        )


def test_long_errors_are_cut() -> None:
    found = printed("a-mistake")
    message = {"severity": "error", "message": "<b>" + "x" * 10_000}
    found["diagnostics"] = [{**message, "message": f"{n} {message['message']}"} for n in range(29)]
    text = rendered(found)
    assert len(text.encode()) <= comment.MAX_LENGTH
    assert "<b>" not in text
    assert "and 9 more" in text


def test_a_network_that_the_state_has_lost_is_imported() -> None:
    found = printed("a-new-party")
    found["steps"] = [one for one in found["steps"] if one["urn"].endswith(":Network::10001")]
    found["steps"][0]["op"] = "import"
    text = rendered(found)
    said = "**1 other resource imported.** Interrupts nothing. No data is touched."
    assert text.splitlines()[3] == said
    assert "| network `10001` | imported | is on the Docker host already |" in text


def test_a_warning_is_shown() -> None:
    found = printed("a-port")
    found["diagnostics"] = [{"severity": "warning", "message": "<{%fg 3%}>less memory<{%reset%}>"}]
    assert "<summary>Warnings</summary>\n\n<pre>less memory</pre>" in rendered(found)


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "{}x", '{"steps": 3}', '{"steps": [{}]}', '{"steps": [[]]}']
)
def test_something_else_is_refused(text: str) -> None:
    with pytest.raises(PreviewError, match=r"not the output of `pulumi preview --json`"):
        read(text)


def test_the_command_reads_standard_input() -> None:
    text = (PREVIEWS / "a-port.json").read_text()
    result = CliRunner().invoke(app, ["preview-comment", "prod"], input=text)
    assert (result.exit_code, result.output) == (0, (PREVIEWS / "a-port.md").read_text())
    result = CliRunner().invoke(app, ["preview-comment", "prod"], input="error: no stack")
    assert result.exit_code == 1
    assert "the preview of stack prod cannot be shown: it is not the output of" in result.output


@pytest.mark.parametrize(
    ("pulumi", "code", "said"),
    [
        (f"cat {PREVIEWS}/a-port.json", 0, (PREVIEWS / "a-port.md").read_text()),
        (f"cat {PREVIEWS}/a-mistake.json; exit 1", 0, (PREVIEWS / "a-mistake.md").read_text()),
        ("echo 'error: no stack named prod' >&2; exit 1", 1, "shown: no stack named prod\n"),
    ],
)
def test_the_command_runs_the_preview_itself(
    pulumi: str, code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "pulumi"
    fake.write_text(f'#!/bin/sh\n[ "$*" = "preview --json --stack prod" ] || exit 9\n{pulumi}\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    result = CliRunner().invoke(app, ["preview-comment", "prod"])
    assert result.exit_code == code, result.output
    assert (result.stdout if code == 0 else result.stderr).endswith(said)


def test_fixtures_are_trimmed_and_name_no_machine() -> None:
    for name in NAMES:
        found = printed(name)
        assert trimmed(copy.deepcopy(found)) == found
        assert not re.search(r"stackTrace|docker\.sock|/tmp/", json.dumps(found))
