"""The images' names: which changes affect them, and which do not."""

import io
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fate_components.images.packages import build, builder, catalogue
from fate_components.images.packages.catalogue import IMAGES, RELEASES, image_key, image_name

PACKAGES = Path(catalogue.__file__).resolve().parent
ROOT = PACKAGES.parents[2]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the folder from which the names are computed."""
    copy = tmp_path / "images"
    shutil.copytree(catalogue.HERE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(catalogue, "HERE", copy)
    image_key.cache_clear()
    yield copy
    image_key.cache_clear()


def names() -> dict[tuple[str, str], str]:
    image_key.cache_clear()
    return {
        (image, release): image_name(image, release) for image in IMAGES for release in RELEASES
    }


def changed(before: dict[tuple[str, str], str]) -> set[tuple[str, str]]:
    after = names()
    return {which for which, name in before.items() if after[which] != name}


def both(*images: str) -> set[tuple[str, str]]:
    return {(image, release) for image in images for release in RELEASES}


def test_a_name_says_what_it_is_and_ends_in_a_key() -> None:
    name = image_name("fateflow", "2.2.0")
    assert name == f"fate-packages/fateflow:2.2.0-{image_key('fateflow', '2.2.0')}"
    assert len(image_key("fateflow", "2.2.0")) == 12


@pytest.mark.parametrize("image", ["rabbitmq", "mysql", "nginx", "edge", "hadoop"])
def test_images_without_fate_are_the_same_for_all_releases(image: str) -> None:
    assert len({image_name(image, release) for release in RELEASES}) == 1


@pytest.mark.parametrize("image", ["fateflow", "fateflow-spark", "fateflow-spark-hdfs", "client"])
def test_images_with_fate_differ_by_release(image: str) -> None:
    assert len({image_name(image, release) for release in RELEASES}) == len(RELEASES)


def test_the_same_files_elsewhere_give_the_same_names(tree: Path) -> None:
    copied = names()
    assert tree != PACKAGES
    catalogue.HERE = PACKAGES
    assert names() == copied


def test_an_images_file_changes_its_name_and_no_other(tree: Path) -> None:
    before = names()
    with (tree / "mysql" / "my.cnf").open("a") as file:
        file.write("# changed\n")
    assert changed(before) == both("mysql")


def test_a_lock_changes_its_release_and_what_starts_from_it(tree: Path) -> None:
    before = names()
    with (tree / "locks" / "fateflow-2.2.0.txt").open("a") as file:
        file.write("# changed\n")
    assert changed(before) == {
        (image, "2.2.0") for image in ("fateflow", "fateflow-spark", "fateflow-spark-hdfs")
    }


def test_the_base_changes_all_names(tree: Path) -> None:
    before = names()
    with (tree / "base" / "Dockerfile").open("a") as file:
        file.write("# changed\n")
    assert changed(before) == both(*IMAGES)


def test_a_new_or_renamed_file_changes_the_name(tree: Path) -> None:
    before = names()
    (tree / "nginx" / "nginx.sh").rename(tree / "nginx" / "start.sh")
    assert changed(before) == both("nginx")


def test_notes_and_compiled_modules_change_no_name(tree: Path) -> None:
    before = names()
    (tree / "nginx" / "NOTES.md").write_text("not part of the image")
    (tree / "fateflow" / "__pycache__").mkdir()
    (tree / "fateflow" / "__pycache__" / "check.pyc").write_bytes(b"")
    assert changed(before) == set()


@pytest.mark.parametrize(
    ("image", "release", "says"),
    [
        ("fateboard", "2.2.0", "no image 'fateboard'"),
        ("mysql", "1.3.0", "no images for FATE 1.3.0"),
    ],
)
def test_what_is_not_there_is_named_in_one_line(image: str, release: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as error:
        image_name(image, release)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--release", "2.2.0", "fateboard"], "no image 'fateboard'"),
        (["--release", "1.3.0", "mysql"], "invalid choice: '1.3.0'"),
        (["mysql"], "required: --release"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_done(
    arguments: list[str], says: str
) -> None:
    command = [sys.executable, "-m", build.__name__, "--host", "unix:///nowhere", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_a_context_is_the_same_for_the_same_files() -> None:
    first = builder.archive({"b": b"2", "a/c": b"1"})
    assert first == builder.archive({"a/c": b"1", "b": b"2"})
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        assert tar.getnames() == ["a/c", "b"]
