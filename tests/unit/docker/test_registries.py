"""What is said about images that a registry does not give away."""

import pytest
from pydantic import SecretStr

from fate_components.docker.images.registries import Login, refusal, registry

LOGIN = Login("r.example.org:5000", "me", SecretStr("hunter2"))


@pytest.mark.parametrize(
    ("image", "address"),
    [
        ("mysql:8", "docker.io"),
        ("federatedai/egg:1.3.0-release", "docker.io"),
        ("localhost/egg:1", "localhost"),
        ("r:5000/egg:1", "r:5000"),
        ("r.example.org/fate/federatedai/egg:1.3.0-release", "r.example.org"),
    ],
)
def test_the_registry_of_an_image(image: str, address: str) -> None:
    assert registry(image) == address


def test_the_way_out_is_named_and_no_password() -> None:
    wrong = refusal("a", "r.example.org:5000/egg:1", [LOGIN])
    assert "Docker host a may not pull r.example.org:5000/egg:1" in wrong
    assert wrong.endswith("Correct fate:registries[0].")
    assert "hunter2" not in wrong
    missing = refusal("a", "mysql:8", [LOGIN])
    assert "docker.io requires a login" in missing
    assert "--path 'fate:registries[1].password'" in missing
