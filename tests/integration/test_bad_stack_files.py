"""Bad stack files on the real engine: one clear error, and nothing is created.

The unit tests cover all of them; this covers one for each path to an error.
"""

import pytest
import yaml
from pulumi import automation as auto

from tests.support.bad_stack_files import CASES, GOOD, Case
from tests.support.engine.stacks import Stack


@pytest.fixture(scope="module")
def stack(engine_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Stack:
    good = {key: value for key, value in GOOD.items() if key != "fate:masterSecret"}
    return Stack(tmp_path_factory.mktemp("bad"), engine_env, good)


def test_a_number_that_the_engine_reads_as_octal_touches_nothing(stack: Stack) -> None:
    good = stack.file.read_text()
    stack.file.write_text(good.replace("id: 10000", "id: 010000"))
    with pytest.raises(auto.CommandError) as caught:
        stack.up()
    stack.file.write_text(good)
    assert "fate:parties[1].id: 010000 is read as the octal number 4096: " in str(caught.value)
    assert stack.names("docker:") == set()


CASES_OF_THE_ENGINE = [case for case in CASES if case.engine]


@pytest.mark.parametrize("case", CASES_OF_THE_ENGINE, ids=lambda case: case.name)
def test_a_bad_stack_file_touches_nothing(stack: Stack, case: Case) -> None:
    config = case.stack_file()
    chosen = config.get("fate:masterSecret")
    if case.secret and chosen == GOOD["fate:masterSecret"]:
        config["fate:masterSecret"] = stack.encrypted_master_secret  # as good as any
    text = yaml.safe_load(stack.file.read_text())
    stack.file.write_text(yaml.safe_dump({**text, "config": config}))
    if case.secret and chosen not in (None, GOOD["fate:masterSecret"]):
        stack.auto.set_config("fate:masterSecret", auto.ConfigValue(chosen, secret=True))

    with pytest.raises(auto.CommandError) as caught:
        stack.up()

    said = str(caught.value)
    lines = [line.strip() for line in said.splitlines()]
    assert [line for line in lines if line.startswith(f"{case.key}: ") and case.remedy in line], (
        said
    )
    assert "Traceback" not in said
    assert stack.names("docker:") | stack.names("fate:") == set()
