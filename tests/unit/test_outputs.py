"""The addresses of parties in the stack's outputs."""

from fate_components import outputs
from tests.support.bad_stack_files import GOOD
from tests.support.stack_files import RELEASE, TWO_HOSTS, planned, read


def test_a_docker_host_is_named_by_its_address() -> None:
    settings = read({**GOOD, **TWO_HOSTS})
    assert outputs.party_outputs(planned(TWO_HOSTS), settings, RELEASE) == {
        "9999": {
            "fateboard": "http://127.0.0.1:8080",
            "fateflow": "http://127.0.0.1:9380",
            "proxy": "10.0.0.1:9370",
        },
        "10000": {
            "fateboard": "http://127.0.0.1:8080",
            "fateflow": "http://127.0.0.1:9380",
            "proxy": "b.example.org:9370",
        },
    }


def test_a_port_is_where_the_stack_file_binds_it() -> None:
    publish = {"fateboard": "10.0.0.9:8088", "fateflow-http": "0.0.0.0:9380"}
    change = {"fate:parties": [{"id": 9999, "host": "a", "training": {"publish": publish}}]}
    found = outputs.party_outputs(planned(change), read({**GOOD, **change}), RELEASE)["9999"]
    assert found["fateboard"] == "http://10.0.0.9:8088"
    assert found["fateflow"] == "http://localhost:9380", "this machine has no other name"


def test_the_exchange() -> None:
    change = {**TWO_HOSTS, "fate:exchange": {"host": "b"}}
    plan = planned(change)
    assert plan.exchange
    found = outputs.exchange_output(plan.exchange, read({**GOOD, **change}))
    assert found == "b.example.org:9371"
