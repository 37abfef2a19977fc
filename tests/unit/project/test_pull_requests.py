"""The steps that preview a pull request on GitHub and GitLab, run as written.

What they call is real where it runs here; pulumi, gh and curl are played by scripts.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.engine.stacks import PROGRAM
from tools.generated import ROOT

PREVIEWS = ROOT / "tests" / "support" / "previews"
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/preview.yml").read_text())
PULL_REQUESTS = (ROOT / "docs" / "pull-requests.md").read_text()
[IN_DOCS] = re.findall(r"```yaml\n(.*?)```", PULL_REQUESTS, re.S)
GITLAB: dict[str, Any] = yaml.safe_load(IN_DOCS)["preview"]
INITIALIZED = "config:\n  fate:masterSecret: {secure: v1}\n"


def step(job: str, name: str) -> dict[str, Any]:
    """A step of the workflow."""
    [found] = [one for one in WORKFLOW["jobs"][job]["steps"] if one.get("name") == name]
    return dict(found)


def git(folder: Path, *command: str) -> str:
    who = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    done = subprocess.run(
        ["git", *who, *command], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


class Runner:
    """A checked-out project on a runner, in which the steps find their commands.

    Attributes:
        folder: the project's folder.
        env: the environment of the steps.
        log: what the played commands were called with.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder / "project", folder / "log"
        bin = folder / "bin"
        for one in (self.folder / "toolchain", bin, folder / "home"):
            one.mkdir(parents=True)
        shutil.copy(ROOT / "toolchain" / "changed-stacks.sh", self.folder / "toolchain")
        # The engine is installed by the integration tests only.
        (self.folder / "toolchain" / "env.sh").write_text(f"echo export PATH={bin}:\\$PATH\n")
        self.env = {
            **os.environ,
            "HOME": str(folder / "home"),
            "PATH": f"{bin}:{os.environ['PATH']}",
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "LOG": str(self.log),
        }
        self.bin = bin
        self.plays("fatectl", f'cd {ROOT} && exec .venv/bin/python -m fate_components.cli "$@"')

    def plays(self, name: str, script: str) -> None:
        """A command that the steps call."""
        (self.bin / name).write_text(f"#!/bin/bash\n{script}\n")
        (self.bin / name).chmod(0o755)

    def runs(self, script: str, code: int = 0, **env: str) -> str:
        """Run the commands of a step, as a runner does."""
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def pull_request(self, *changed: str) -> str:
        """Commit a change of files on top of a base, whose commit is returned."""
        git(self.folder, "init", "-q", "-b", "main")
        for stack in ("prod", "staging"):
            (self.folder / f"Pulumi.{stack}.yaml").write_text(INITIALIZED)
        (self.folder / "Pulumi.of-the-project.yaml").write_text("config:\n  fate:release: 2.2.0\n")
        git(self.folder, "add", ".")
        git(self.folder, "commit", "-q", "-m", "base")
        base = git(self.folder, "rev-parse", "HEAD")
        git(self.folder, "update-ref", "refs/remotes/origin/main", base)
        for name in changed:
            (self.folder / name).parent.mkdir(exist_ok=True)
            with (self.folder / name).open("a") as file:
                file.write("\n# changed\n")
        git(self.folder, "add", ".")
        git(self.folder, "commit", "-q", "--allow-empty", "-m", "change")
        return base


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_the_workflow_is_complete() -> None:
    assert WORKFLOW[True] == "pull_request"  # YAML 1.1 reads the key `on` as true
    assert WORKFLOW["permissions"] == {"contents": "read", "pull-requests": "write"}
    jobs = WORKFLOW["jobs"]
    assert jobs["stacks"]["outputs"]["stacks"] == "${{ steps.changed.outputs.stacks }}"
    assert jobs["preview"]["strategy"]["matrix"]["stack"] == (
        "${{ fromJSON(needs.stacks.outputs.stacks) }}"
    )
    assert [one["uses"] for one in jobs["preview"]["steps"] if "uses" in one][-1].startswith(
        "pulumi/actions@"
    )


def test_everything_that_must_be_set_is_in_the_documentation() -> None:
    text = (ROOT / ".github/workflows/preview.yml").read_text()
    for name in re.findall(r"(?:secrets|vars)\.(\w+)", text):
        assert re.search(rf"`{name}`", PULL_REQUESTS), name
    for name in re.findall(r"\$(SSH_\w+|PREVIEW_\w+)", IN_DOCS):
        assert re.search(rf"`{name}`", PULL_REQUESTS), name


@pytest.mark.parametrize(
    ("changed", "stacks"),
    [
        (["Pulumi.prod.yaml"], ["prod"]),
        (["Pulumi.prod.yaml", "Pulumi.staging.yaml", "README.md"], ["prod", "staging"]),
        (["fate_components/x.py"], ["prod", "staging"]),
        (["__main__.py"], ["prod", "staging"]),
        (["config/x.yaml"], ["prod", "staging"]),
        (["README.md", "docs/x.md", "tests/config.py"], []),
        (["Pulumi.of-the-project.yaml"], []),
        ([], []),
    ],
)
def test_stacks_are_previewed_whose_inputs_change(
    changed: list[str], stacks: list[str], runner: Runner
) -> None:
    runner.pull_request(*changed)
    find = step("stacks", "Find the stacks that the pull request changes")
    runner.runs(find["run"], GITHUB_BASE_REF="main")
    output = Path(runner.env["GITHUB_OUTPUT"]).read_text()
    assert output == f"stacks={json.dumps(stacks)}\n"


def test_what_all_stacks_share_is_what_the_program_consists_of() -> None:
    script = (ROOT / "toolchain" / "changed-stacks.sh").read_text()
    [pattern] = re.findall(r"program='(.*)'", script)
    shared = [name if "." in name else f"{name}/x" for name in PROGRAM if name != ".venv"]
    for name in (*shared, "Pulumi.yaml", "requirements.lock", "toolchain/x"):
        assert re.search(pattern, name), name


@pytest.mark.parametrize(("name", "code"), [("a-port", 0), ("a-mistake", 1)])
def test_the_preview_becomes_a_comment(name: str, code: int, runner: Runner) -> None:
    runner.plays("pulumi", f'echo "$@" >> $LOG; cat {PREVIEWS}/{name}.json; exit {code}')
    runner.runs(step("preview", "Preview")["run"], STACK="prod")
    assert runner.log.read_text() == "preview --json --stack prod\n"
    wanted = (PREVIEWS / f"{name}.md").read_text()
    assert (runner.folder / "comment.md").read_text() == wanted
    assert Path(runner.env["GITHUB_STEP_SUMMARY"]).read_text() == wanted
    output = Path(runner.env["GITHUB_OUTPUT"])
    assert (output.read_text() if output.exists() else "") == ("failed=true\n" if code else "")
    assert step("preview", "Fail if the preview failed")["if"] == "steps.preview.outputs.failed"
    runner.runs(step("preview", "Fail if the preview failed")["run"], code=1)


def test_without_a_preview_the_step_fails(runner: Runner) -> None:
    runner.plays("pulumi", "echo 'error: no backend' >&2; exit 255")
    runner.runs(step("preview", "Preview")["run"], code=1, STACK="prod")


@pytest.mark.parametrize(
    ("found", "call"),
    [
        ("", "api --silent repos/o/p/issues/7/comments -F body=@comment.md"),
        ("41", "api --silent --method PATCH repos/o/p/issues/comments/41 -F body=@comment.md"),
    ],
)
def test_the_comment_replaces_that_of_the_last_push(found: str, call: str, runner: Runner) -> None:
    shutil.copy(PREVIEWS / "a-port.md", runner.folder / "comment.md")
    runner.plays("gh", f'echo "$@ ($MARKER)" >> $LOG; case $* in *--jq*) echo {found};; esac')
    runner.runs(step("preview", "Comment")["run"], COMMENTS="repos/o/p/issues/7/comments")
    marker = "(<!-- fate preview prod -->)"
    jq = ".[] | select(.body | startswith(env.MARKER)) | .id"
    assert runner.log.read_text().splitlines() == [
        f"api --paginate repos/o/p/issues/7/comments --jq {jq} {marker}",
        f"{call} {marker}",
    ]


def test_only_the_runner_reads_the_key(runner: Runner) -> None:
    prepare = step("preview", "Let SSH reach the Docker hosts")
    runner.runs(prepare["run"], SSH_PRIVATE_KEY="key\nof the runner", SSH_KNOWN_HOSTS="b1 ssh-rsa")
    folder = Path(runner.env["HOME"]) / ".ssh"
    assert (folder / "id_ed25519").read_text() == "key\nof the runner\n"
    assert (folder / "known_hosts").read_text() == "b1 ssh-rsa\n"
    for path in (folder, *folder.iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize(("name", "code", "old"), [("a-port", 0, ""), ("a-mistake", 1, "staging")])
def test_gitlab_previews_the_same(name: str, code: int, old: str, runner: Runner) -> None:
    base = runner.pull_request("fate_components/x.py")
    notes = [{"id": 1, "body": "by somebody"}, {"id": 42, "body": f"<!-- fate preview {old} -->\n"}]
    (runner.folder / "old.json").write_text(json.dumps(notes))
    runner.plays("pulumi", f"cat {PREVIEWS}/{name}.json; exit {code}")
    runner.plays("fatectl", 'cat > /dev/null; printf "<!-- fate preview $2 -->\\n$1"')
    runner.plays("curl", 'echo "$@" >> $LOG; case $* in *per_page*) cat old.json;; esac')
    [script] = GITLAB["script"]
    env = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "PREVIEW_TOKEN": "t", "NOTES": "https://g/notes"}
    said = runner.runs(script, code=code, **env)
    assert said == ("the preview failed: prod staging\n" if code else "")
    get = "-fsS -H PRIVATE-TOKEN: t https://g/notes?per_page=100"
    send = "-fsS -o /dev/null -X {} -H PRIVATE-TOKEN: t --data-urlencode body@comment.md {}"
    assert runner.log.read_text().splitlines() == [
        get,
        send.format("POST", "https://g/notes"),
        get,
        send.format("PUT", "https://g/notes/42") if old else send.format("POST", "https://g/notes"),
    ]
    last = (runner.folder / "comment.md").read_text()
    assert last == "<!-- fate preview staging -->\npreview-comment"


def test_gitlab_lets_ssh_reach_the_docker_hosts(runner: Runner) -> None:
    (runner.folder / "key").write_text("key")
    (runner.folder / "hosts").write_text("b1 ssh-rsa")
    commands = [one for one in GITLAB["before_script"] if one.startswith("install ")]
    runner.runs("\n".join(commands), SSH_PRIVATE_KEY="key", SSH_KNOWN_HOSTS="hosts")
    key = Path(runner.env["HOME"]) / ".ssh" / "id_ed25519"
    assert key.read_text() == "key"
    assert key.stat().st_mode & 0o077 == 0
