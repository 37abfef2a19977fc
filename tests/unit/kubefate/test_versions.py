"""Which release the files of each of KubeFATE's tags become, with and without .env."""

import pytest

from fate_components.kubefate import shell, versions
from fate_components.kubefate.translate import translate
from fate_components.releases import catalogue
from tests.support.kubefate_files import TAGS, changed
from tests.unit.kubefate.folder import Folder

NEWEST = "1.11.2"
RELEASED = catalogue.known()
# The release that the files of each tag become; with "" only --release chooses one. Of FATE 1.7 and
# 1.8 there may be no release: then it is the same.
RELEASES = {
    "v1.3.0": "1.3.0",
    **dict.fromkeys(["v1.4.0", "v1.4.1", "v1.4.2", "v1.4.3", "v1.4.4", "v1.4.5"], ""),
    **dict.fromkeys(["v1.5.0", "v1.5.1", "v1.5.3", "v1.6.0", "v1.6.1"], ""),
    **dict.fromkeys(["v1.7.0", "v1.7.1", "v1.7.2"], "1.7.2"),
    **dict.fromkeys(["v1.8.0", "v1.8.0-a", "1.8.1"], "1.8.0"),
    "v1.9.0": "1.9.0",
    "v1.9.1": "1.9.2",
    "v1.9.2": "1.9.2",
    "v1.10.0": "1.10.0",
    "v1.11.1": "1.11.1",
    "v1.11.2": "1.11.2",
    "v2.0.0": "2.0.0",
    "FATE 2.2.0": "2.2.0",
}
DEPLOYED = {tag: name for tag, name in RELEASES.items() if name in catalogue.known()}
OTHERS = [tag for tag in RELEASES if tag not in DEPLOYED]
# Where the options alone tell it.
WITHOUT_ENV = ("v1.3.0", "v1.10.0", "v1.11.1", "v1.11.2", "v2.0.0", "FATE 2.2.0")


def variables(tag: str, **values: str) -> dict[str, shell.Variable]:
    parties, env = TAGS[tag]
    return shell.parse(env, ".env") | shell.parse(changed(parties, **values), "parties.conf")


def without_env(folder: Folder, tag: str) -> tuple[int, str]:
    folder.write(tag, {})
    (folder.files / ".env").unlink(missing_ok=True)
    return folder.fatectl()


def test_every_tag_has_its_release() -> None:
    assert RELEASES.keys() == TAGS.keys()


@pytest.mark.parametrize("tag", DEPLOYED)
def test_the_files_of_a_tag_become_their_release(folder: Folder, tag: str) -> None:
    config, _ = folder.imported(tag)
    assert config["fate:release"] == DEPLOYED[tag]
    assert config["fate:hosts"] == {
        "host1": {"docker": "ssh://fate@192.168.1.1:22"},
        "host2": {"docker": "ssh://fate@192.168.1.2:22"},
    }
    parties = {party["id"]: party for party in config["fate:parties"]}
    assert list(parties) == [10000, 9999]
    assert all(
        ("serving" in party) == bool(catalogue.load(DEPLOYED[tag]).serving)
        for party in parties.values()
    )
    cores = {party.get("training", {}).get("cores") for party in parties.values()}
    assert cores == {{"4": 4, "8": 8, "16": 16, "": None}[core_count(tag)]}
    assert config.keys() <= {"fate:release", "fate:hosts", "fate:parties", "fate:engines"}


def core_count(tag: str) -> str:
    found = variables(tag).get("compute_core")
    return found.values[0] if found else ""


@pytest.mark.parametrize("tag", OTHERS)
def test_files_without_a_release_of_their_own_become_one_that_is_asked_for(
    folder: Folder, tag: str
) -> None:
    said = folder.refused(tag)
    assert f"and no release of FATE {'.'.join(tag.strip('v').split('.')[:2])} can be" in said
    assert f"add --release {NEWEST} to deploy the newest release of FATE 1 instead" in said
    assert "TAG = " in said
    config, _ = folder.imported(tag, "--release", NEWEST)
    assert config["fate:release"] == NEWEST


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("release", ["", NEWEST, "1.3.0", "2.0.0", "2.2.0"])
def test_every_option_is_told_once(tag: str, release: str) -> None:
    files = variables(tag)
    _, report = translate(files, release or DEPLOYED.get(tag) or NEWEST)
    assert not report.refused, report.lines
    told = [line.option for line in report.lines if not line.option.startswith("(")]
    assert sorted(told) == sorted(files)
    assert "hunter" not in "".join(map(str, report.lines))


def test_another_patch_release_is_told(folder: Folder) -> None:
    _, said = folder.imported("v1.9.1")
    assert "TAG = 1.9.1-release: fate:release is 1.9.2, the nearest patch release" in said


def test_the_nearest_patch_release(monkeypatch: pytest.MonkeyPatch) -> None:
    known = ["1.3.0", "1.8.0", "1.9.0", "1.9.2", "1.10.0"]
    monkeypatch.setattr(versions, "_deployable", lambda: known)
    wanted = {"1.9.0": "1.9.0", "1.9.1": "1.9.2", "1.9.7": "1.9.2", "1.8.1": "1.8.0",
              "1.10.3": "1.10.0", "1.10": "1.10.0", "1.9.0.1": "1.9.0", "1.1.0": None,
              "2.9.0": None}  # fmt: skip
    assert {version: versions.nearest(version) for version in wanted} == wanted


def test_a_release_is_deployed_as_soon_as_the_catalogue_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more = {"1.6.1", "1.7.2", "1.8.0", *catalogue.known()}
    load = catalogue.load
    monkeypatch.setattr(catalogue, "known", lambda: sorted(more, key=versions._parts))
    monkeypatch.setattr(catalogue, "load", lambda name: load(name if name in RELEASED else NEWEST))
    for tag, name in {"v1.6.0": "1.6.1", "v1.7.0": "1.7.2", "1.8.1": "1.8.0"}.items():
        config, report = translate(variables(tag))
        assert not report.refused, report.lines
        assert config["fate:release"] == name


@pytest.mark.parametrize("tag", WITHOUT_ENV)
def test_without_env_the_options_tell_the_release(folder: Folder, tag: str) -> None:
    code, said = without_env(folder, tag)
    assert code == 0, said
    assert "without .env" in said
    assert f"fate:release: {DEPLOYED[tag]}\n" in (folder.project / "Pulumi.dev.yaml").read_text()
    own = "of the deployer of FATE 2.2.0"
    version = own if tag.startswith("FATE") else f"of KubeFATE {tag}"
    assert f"parties.conf has the options {version}" in said


def test_without_env_files_that_look_alike_are_refused(folder: Folder) -> None:
    code, said = without_env(folder, "v1.9.2")
    assert code == 1
    assert "whether parties.conf is of KubeFATE v1.9.0, v1.9.1 or v1.9.2; name it after" in said


@pytest.mark.parametrize(
    ("tag", "says"),
    [("v1.4.5", "or v1.4.5, and no release of FATE 1.4 can be"),
     ("v1.5.0", "v1.5.0, v1.5.1 or v1.5.3, and no release of FATE 1.5 can be")],
)  # fmt: skip
def test_without_env_files_of_releases_that_are_not_deployed(
    folder: Folder, tag: str, says: str
) -> None:
    code, said = without_env(folder, tag)
    assert code == 1
    assert f"{says} deployed; add --release {NEWEST}" in said


def test_without_any_option_env_is_needed(folder: Folder) -> None:
    (folder.files / "parties.conf").write_text(
        "user=fate\nparty_list=(9999)\nparty_ip_list=(10.0.0.1)\n"
    )
    code, said = folder.fatectl()
    assert code == 1
    assert ".env: is needed to tell the version; name it after parties.conf" in said


@pytest.mark.parametrize(
    ("tag", "values", "says"),
    [
        ("v1.3.0", {"redis_ip": "redis"},
         "redis_ip = redis: is an option of KubeFATE v1.4 to v1.8, but TAG is for FATE 1.3.0"),
        ("v1.11.2", {"backend": "eggroll"},
         "backend = eggroll: is an option of KubeFATE v1.6 to v1.8, but TAG is for FATE 1.11.2"),
        ("v1.10.0", {"computing_backend": "spark"}, "is an option of KubeFATE v1.5, but TAG"),
        ("v1.3.0", {"TAG": "1.11.2-release"}, "is of another version of KubeFATE than TAG"),
        ("v1.3.0", {"venvdir": "/v"}, "is an option of KubeFATE v1.1, whose files are not read"),
        ("v2.0.0", {"FATEFlow_IMAGE_TAG": "2.1.0-release"},
         "no release of FATE 2.1 can be deployed; add --release 2.2.0"),
        ("v1.3.0", {"TAG": "3.0.0"}, "no release of FATE 3.0 can be deployed; choose one with"),
    ],
)  # fmt: skip
def test_files_that_do_not_belong_together(
    folder: Folder, tag: str, values: dict[str, str], says: str
) -> None:
    assert says in folder.refused(tag, **values)


def test_an_own_env_of_the_deployer_of_fate_2_2(folder: Folder) -> None:
    config, _ = folder.imported("v2.0.0", FATEFlow_IMAGE_TAG="2.2.0-release")
    assert config["fate:release"] == "2.2.0"
