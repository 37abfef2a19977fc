"""Scripts for FATE Flow's containers, which use RabbitMQ with FATE's own classes as jobs do."""

_SETUP = """
import os, time
from concurrent.futures import ThreadPoolExecutor

import requests, yaml
from fate.arch.federation.backends.rabbitmq import RabbitmqFederation
from fate.arch.federation.message_queue import Party

CONF = "/data/projects/fate/fate_flow/conf"
with open(f"{CONF}/service_conf.yaml") as file:
    conf = yaml.safe_load(file)
with open(f"{CONF}/rabbitmq_route_table.yaml") as file:
    routes = {str(party): route for party, route in yaml.safe_load(file).items()}
broker = conf["federation"]["rabbitmq"]
own = str(conf["party_id"])
ROLES = {"9999": "guest", "10000": "host"}
(other,) = ROLES.keys() - {own}
everyone = [(role, party) for party, role in ROLES.items()]


def federation(session):
    return RabbitmqFederation.from_conf(
        session, None, (ROLES[own], own), everyone, routes, broker["host"], broker["port"],
        broker["mng_port"], broker["user"], broker["password"], broker["mode"], None, {}, {},
    )


def api(path):
    login = (broker["user"], broker["password"])
    found = requests.get(f"http://{broker['host']}:{broker['mng_port']}/api/{path}", auth=login)
    found.raise_for_status()
    return found.json()
"""

EXCHANGES, ROUNDS = 20, 5
EXCHANGING = "20260101000000000001_exchanges_0"

EXCHANGE = f"""{_SETUP}
# As FATE's multi-party computation starts: one thread sends, the other receives.
at_work = federation("{EXCHANGING}")
peer = [(ROLES[other], other)]


def send(name, number):
    at_work._push_bytes(f"{{own}} {{name}} {{number}}".encode(), name, f"tag-{{number}}", peer)


def receive(name, number):
    return at_work._pull_bytes(name, f"tag-{{number}}", peer) == [
        f"{{other}} {{name}} {{number}}".encode()
    ]


with ThreadPoolExecutor(2) as threads:
    for name in [f"seed-{{index}}" for index in range({EXCHANGES})]:
        for number in range({ROUNDS}):
            sent = threads.submit(send, name, number)
            received = threads.submit(receive, name, number)
            try:
                sent.result(timeout=120)
                right = received.result(timeout=120)
            except BaseException as error:
                right = repr(error)
            if right is not True:
                print(f"{{name}} {{number}}: {{right}}", flush=True)
                os._exit(1)  # a thread may hang
        print(f"exchanged {{name}}", flush=True)
os._exit(0)
"""
"""Exchanges messages with the other party, where the same script runs."""

CLEAN_UPS, LINKS = 4, 30

CLEAN_UP = f"""{_SETUP}
peer = Party(ROLES[other], other)
running = federation("20260101000000000003_running_0")
ended = [federation(f"20260101000000000002_ended-{{index}}_0") for index in range({CLEAN_UPS})]


def filled(session):
    for index in range({LINKS}):
        session._maybe_create_topic_and_replication(peer, f"message-{{index}}")


made = []
with ThreadPoolExecutor() as threads:
    for done in [threads.submit(filled, session) for session in ended]:
        done.result()
    removed = [threads.submit(session.destroy) for session in ended]
    while not all(one.done() for one in removed):
        name = f"message-{{len(made)}}"
        made.append(running._maybe_create_topic_and_replication(peer, name))
    for one in removed:
        one.result()
(vhost,) = {{one.vhost for one in made}}
wanted = {{one.receive for one in made}}
policies = {{one["definition"]["federation-upstream"] for one in api(f"policies/{{vhost}}")}}
deadline = time.monotonic() + 60
while missing := wanted - {{one["queue"] for one in api(f"federation-links/{{vhost}}")}}:
    if time.monotonic() > deadline:
        break
    time.sleep(0.5)
print(f"{{len(wanted)}} links; without a policy: {{wanted - policies or 'none'}}, "
      f"missing: {{missing or 'none'}}")
running.destroy()
"""
"""Creates the links of one task while another task's are removed, and prints what is missing."""

WAITING = "20260101000000000004_waiting_0"

WAIT = f"""{_SETUP}
peer = Party(ROLES[other], other)
waiting = federation("{WAITING}")
half = waiting._maybe_create_topic_and_replication(peer, "half")
waiting._rabbit_manager.delete_policy(half.vhost, half.receive)
waiting._push_bytes(b"nobody fetches this", "kept", "tag", [peer.as_tuple()])
waiting._pull_bytes("whole", "tag", [peer.as_tuple()])
"""
"""A task that waits for a message until the other party runs it too, or until it is removed: its
link is refused. It has a link without a policy, and a message that nobody fetches.
"""


def remove(session: str) -> str:
    """Removes what a task's federated session has in the broker, and so ends WAIT."""
    return f"{_SETUP}\nfederation({session!r}).destroy()\n"
