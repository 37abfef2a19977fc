"""What running tasks wait for in RabbitMQ: links that do not work, and messages nobody fetches.

FATE has a virtual host for each task and pair of parties, and in it a queue `send-…` at the party
that sends something, and `receive-…` at the other. There, an upstream and a policy, both called
like the queue, make up the link that fetches the message.
"""

import json
import re
import shlex
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ...docker.client.containers import Containers
from ...engines import rabbitmq
from ...plan.clusters import ClusterPlan
from . import flow_client

_PAUSE = 5  # seconds; a link that has only been created is complete and runs by then
_BEGINS = timedelta(minutes=1)  # for as long the other party may not have begun its part
_UNFETCHED = timedelta(minutes=5)
# The end of a queue's name, after the task: -ROLE-SENDER-ROLE-RECEIVER-MESSAGE
_PARTIES = re.compile(r"-[a-z]+-(?P<sender>\d+)-[a-z]+-(?P<receiver>\d+)-.*", re.DOTALL)
# Policies after upstreams: what is created meanwhile is then no upstream without a policy.
_PATHS = (
    "parameters/federation-upstream",
    "policies",
    "federation-links",
    "queues?columns=vhost,name,messages,consumers,idle_since",
)
_END = "=== end of answer ==="
# Both kinds of images have bash. Answers to HTTP/1.0 are in one piece.
_ASK = """
login=$(printf '%s:%s' "$0" "$(cat "$1")" | base64 -w 0)
port=$2 end=$3
shift 3
for path; do
    exec 3<>"/dev/tcp/127.0.0.1/$port" || exit
    printf 'GET /api/%s HTTP/1.0\\r\\nHost: localhost\\r\\nAuthorization: Basic %s\\r\\n\\r\\n' \\
        "$path" "$login" >&3
    cat <&3
    exec 3>&-
    printf '\\n%s\\n' "$end"
done
"""

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Task:
    """A running task.

    Args:
        job: the job's id.
        name: the task's name.
        started: when it was started; None if nobody knows.
    """

    job: str
    name: str
    started: datetime | None

    def __str__(self) -> str:
        return f"task {self.name} of job {self.job}"


Tasks = Mapping[str, Task]
"""Tasks by the names of their federated sessions."""


class UnknownError(Exception):
    """RabbitMQ or FATE Flow cannot be asked; the text says why."""


@dataclass(frozen=True)
class Broker:
    """What a party's RabbitMQ has, as its management API shows it.

    Args:
        upstreams: where it fetches messages.
        policies: for which queues it does so.
        links: the connections by which it does so.
        queues: the queues.
    """

    upstreams: Rows
    policies: Rows
    links: Rows
    queues: Rows


def stuck(
    plan: ClusterPlan, party: Containers, running: Collection[str], now: datetime
) -> tuple[list[str], list[str]]:
    """What running tasks of a party wait for in its RabbitMQ, if it has one that runs."""
    if "rabbitmq" not in running:
        return [], []
    port = plan.facts.services["rabbitmq"].ports["rabbitmq-management"]
    try:
        return _stuck(party, port, now)
    except UnknownError as error:
        return [], [f"{error}: nobody knows whether its jobs wait for RabbitMQ."]


def _stuck(party: Containers, port: int, now: datetime) -> tuple[list[str], list[str]]:
    tasks = _running(party)
    if not tasks:
        return [], []
    broker = earlier = ask(party, port)
    if unlinked(broker, tasks) or _broken(broker, tasks, now):
        time.sleep(_PAUSE)
        broker = ask(party, port)
    return findings(broker, earlier, tasks, party, now)


def findings(
    broker: Broker, earlier: Broker, tasks: Tasks, party: Containers, now: datetime
) -> tuple[list[str], list[str]]:
    """What tasks wait for, as errors and warnings: one of each kind for each virtual host.

    Args:
        broker: the party's RabbitMQ.
        earlier: the same, some seconds ago.
        tasks: the running tasks.
        party: the party.
        now: the time.
    """
    without = {*unlinked(broker, tasks)} & {*unlinked(earlier, tasks)}
    not_running = {*_broken(broker, tasks, now)} & {*_broken(earlier, tasks, now)}
    name = f"RabbitMQ of party {party.id}"
    container = party.container("rabbitmq")

    def no_policy(vhost: str, queue: str, more: str) -> str:
        return (
            f"{name} does not fetch what {_other(vhost, queue, 'sender')} sends to it for "
            f"{tasks[_session(vhost)]}{more}: queue {queue} in virtual host {vhost} has an "
            "upstream, and no policy. The task waits forever. Create the policy, and it goes on: "
            f"`{_set_policy(container, vhost, queue)}`."
        )

    def broken(vhost: str, queue: str, more: str) -> str:
        sender = _other(vhost, queue, "sender")
        return (
            f"{name} cannot fetch what {sender} sends to it for {tasks[_session(vhost)]}{more}: "
            f"the link of queue {queue} in virtual host {vhost} {_state(broker, vhost, queue)}. "
            f"Check whether RabbitMQ of {sender} runs and can be reached, and whether the task "
            "still runs there. If there is no other error here, set the link up again: "
            f"`{_clear_policy(container, vhost, queue)}` and "
            f"`{_set_policy(container, vhost, queue)}`."
        )

    def unfetched(vhost: str, queue: str, more: str) -> str:
        to = _other(vhost, queue, "receiver")
        return (
            f"{name} has messages to {to} for {tasks[_session(vhost)]} that nobody has fetched for "
            f"some minutes{more}: queue {queue} in virtual host {vhost} has no consumer. The "
            f"task of {to} computes, has ended or hangs: see `fatectl jobs` and `fatectl doctor` "
            "there. If it does not go on, stop the job and submit it again."
        )

    errors = [
        *_told(sorted(without), no_policy),
        *_told(sorted(not_running), broken),
    ]
    return errors, [*_told(_unfetched(broker, tasks, now), unfetched)]


_Place = tuple[str, str]
"""A queue: its virtual host and its name."""


def unlinked(broker: Broker, tasks: Tasks) -> list[_Place]:
    """The queues of tasks that have an upstream and no policy that uses it."""
    used = _policies(broker)
    return [
        place
        for row in broker.upstreams
        if _session(row["vhost"]) in tasks and (place := (row["vhost"], row["name"])) not in used
    ]


def _policies(broker: Broker) -> set[_Place]:
    return {
        (row["vhost"], upstream)
        for row in broker.policies
        if (upstream := row["definition"].get("federation-upstream"))
    }


def _broken(broker: Broker, tasks: Tasks, now: datetime) -> list[_Place]:
    """The queues that a task waits at although their link does not run."""
    linked = _policies(broker)
    return [
        place
        for row in broker.queues
        if (task := tasks.get(_session(row["vhost"])))
        and task.started
        and now - task.started > _BEGINS
        and row.get("consumers")
        and (place := (row["vhost"], row["name"])) in linked
        and _link(broker, *place).get("status") != "running"
    ]


def _unfetched(broker: Broker, tasks: Tasks, now: datetime) -> list[_Place]:
    """The queues whose messages nobody waits for."""
    return [
        (row["vhost"], row["name"])
        for row in broker.queues
        if _session(row["vhost"]) in tasks
        and row.get("messages")
        and not row.get("consumers")
        and _idle(row, now) > _UNFETCHED
    ]


def _link(broker: Broker, vhost: str, queue: str) -> Mapping[str, Any]:
    links = (link for link in broker.links if (link["vhost"], link.get("queue")) == (vhost, queue))
    return next(links, {})


def _state(broker: Broker, vhost: str, queue: str) -> str:
    link = _link(broker, vhost, queue)
    if not link:
        return "does not exist"
    return f"is {link.get('status')}" + (f" ({link['error']})" if link.get("error") else "")


def _idle(row: Mapping[str, Any], now: datetime) -> timedelta:
    """How long nothing has happened in a queue.

    RabbitMQ says since when, once it is idle: 2026-11-25T09:10:00.000+00:00, and earlier versions
    2026-11-25 9:10:00, also in UTC.
    """
    since = row.get("idle_since")
    if not since:
        return timedelta()
    if "T" in since:
        return now - datetime.fromisoformat(since)
    return now - datetime.strptime(since, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def _told(places: Sequence[_Place], tell: Callable[[str, str, str], str]) -> Iterator[str]:
    """One finding for each virtual host: about its first queue, with the number of the others."""
    by_host: dict[str, list[str]] = {}
    for vhost, queue in places:
        by_host.setdefault(vhost, []).append(queue)
    for vhost, (first, *others) in by_host.items():
        yield tell(vhost, first, f", and {len(others)} more like it" if others else "")


def _session(vhost: str) -> str:
    """The federated session whose virtual host it is: without -ROLE-PARTY-ROLE-PARTY."""
    return vhost.rsplit("-", 4)[0]


def _other(vhost: str, queue: str, which: str) -> str:
    """The party that sends a queue's messages, or that receives them."""
    match = _PARTIES.fullmatch(queue.partition("-")[2].removeprefix(_session(vhost)))
    return f"party {match[which]}" if match else "the other party"


def _clear_policy(container: str, vhost: str, queue: str) -> str:
    """The command that removes a policy."""
    command = ["docker", "exec", container, "rabbitmqctl", "clear_policy", "-p", vhost, queue]
    return shlex.join(command)


def _set_policy(container: str, vhost: str, queue: str) -> str:
    """The command that creates a policy as FATE does."""
    words = [
        "docker", "exec", container, "rabbitmqctl", "set_policy", "-p", vhost, "--apply-to",
        "queues", queue, f"^{queue}$", json.dumps({"federation-upstream": queue}),
    ]  # fmt: skip
    return shlex.join(words)


def _running(party: Containers) -> dict[str, Task]:
    try:
        answer = flow_client.request(party, "GET", "/v2/job/task/query?status=running")
    except flow_client.HopError as error:
        raise UnknownError(str(error)) from None
    return {
        f"{row['job_id']}_{row['task_name']}_{row['task_version']}": Task(
            row["job_id"],
            row["task_name"],
            datetime.fromtimestamp(began / 1000, UTC) if (began := row.get("start_time")) else None,
        )
        for row in answer.get("data") or []
    }


def ask(party: Containers, port: int) -> Broker:
    """What a party's RabbitMQ has.

    Args:
        party: the party.
        port: where RabbitMQ's management API listens.

    Raises:
        UnknownError: it cannot be asked.
    """
    words = [rabbitmq.USER, rabbitmq.PASSWORD, str(port), _END, *_PATHS]
    done = party.exec("rabbitmq", ["bash", "-c", _ASK, *words])
    answers = done.stdout.split(f"\n{_END}\n")[: len(_PATHS)]
    try:
        return Broker(*map(_rows, answers))
    except (ValueError, TypeError):
        answer = (answers[-1].strip() or done.stderr.strip() or "no answer").splitlines()[0]
        raise UnknownError(f"RabbitMQ of party {party.id} says {answer!r}") from None


def _rows(answer: str) -> Rows:
    head, _, body = answer.partition("\n\n")  # read as text, which has no \r
    if " 200 " not in head.partition("\n")[0]:
        raise ValueError(head)
    rows: Rows = json.loads(body)
    return rows
