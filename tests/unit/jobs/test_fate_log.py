"""Errors in FATE's logs, in the formats of FATE 1.3.0 and of FATE Flow 2.2.0."""

from fate_components.jobs.log import LATE, LATE_MEANS, Failure, first

PIKA = "[ERROR][2026-11-25 09:30:01,001][77][connection_workflow._report][line:825]: no connection"
STEP = '  File "/data/projects/fate/fate/python/fate/ml/glm/coordinator.py", line 12, in fit'
PUSH = (
    '  File "/data/projects/fate/fate/python/fate/arch/federation/backends/_mq.py", line 9, in push'
)
POP = '  File "/usr/lib/python3/dist-packages/pika/channel.py", line 7, in pop'


def test_a_library_s_word_before_the_error_is_not_the_error() -> None:
    log = f"""{PIKA}
[ERROR][2026-11-25 09:30:02,002][77][execute_cli.execute][line:143]: pop from an empty deque
Traceback (most recent call last):
{STEP}
    self.step(batch)
{PUSH}
    self.channel.pop(
    ^^^^^^^^^^^^^^^^^
{POP}
    return self.queue.popleft()
IndexError: pop from an empty deque
[ERROR][2026-11-25 09:30:03,003][70][_wraps.run][line:82]: Traceback (most recent call last):
{STEP}
    self.step(batch)
ConnectionWrongStateError: later
"""
    own = (PUSH, "    self.channel.pop(")
    lines = ("IndexError: pop from an empty deque", *own)
    assert first(log) == Failure("2026-11-25 09:30:02,002", lines)


def test_an_error_that_only_libraries_report_is_better_than_none() -> None:
    assert first(PIKA) == Failure("2026-11-25 09:30:01,001", ("no connection",))
    trace = f"Traceback (most recent call last):\n{POP}\n    pop()\nIndexError: empty"
    assert first(f"{PIKA}\n{PIKA}\n{trace}") == Failure(
        "2026-11-25 09:30:01,001", ("IndexError: empty",)
    )


def test_a_chain_of_exceptions_ends_with_its_cause() -> None:
    log = f"""[ERROR][2026-11-25 09:30:02,002][77][execute_cli.execute][line:143]: bad schema
Traceback (most recent call last):
{PUSH}
    read()
KeyError: 'x0'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
{STEP}
    self.step(batch)
RuntimeError: bad schema
"""
    lines = ("RuntimeError: bad schema", STEP, "    self.step(batch)", "caused by KeyError: 'x0'")
    assert first(log) == Failure("2026-11-25 09:30:02,002", lines)


def test_an_error_of_fate_1_3_without_its_java_stack() -> None:
    frame = '  File "/data/projects/fate/python/arch/api/session.py", line 40, in init'
    log = f""""2026-11-25 09:30:02,002 - task_executor.py[line:131] - ERROR: <_Rendezvous that said:
\tstatus = StatusCode.UNKNOWN"
Traceback (most recent call last):
{frame}
    RuntimeInstance.SESSION = build_session()
  File "/data/projects/fate/eggroll/python/eggroll/api/cluster/eggroll.py", line 70, in init
    eggroll.create_session()
grpc._channel._Rendezvous: <_Rendezvous that said:
\tstatus = StatusCode.UNKNOWN
\tdetails = "java.lang.IllegalStateException
\tat com.webank.ai.eggroll.core.retry.AttemptContext.getException(AttemptContext.java:63)
\tat com.webank.ai.eggroll.core.retry.Retryer.call(Retryer.java:106)"
"""
    found = first(log)
    assert found
    assert found.lines == (
        "grpc._channel._Rendezvous: <_Rendezvous that said:",
        "\tstatus = StatusCode.UNKNOWN",
        '\tdetails = "java.lang.IllegalStateException',
        frame,
        "    RuntimeInstance.SESSION = build_session()",
    )


def test_fate_s_5_s_rule_is_named_however_long_the_error_is() -> None:
    many = "\n".join(
        ["RpcError: <_Rendezvous that said:", *["\tmore"] * 9, f'\tCaused by: {LATE}"']
    )
    trace = f"Traceback (most recent call last):\n{STEP}\n    run()\n{many}"
    found = first(trace)
    assert found
    assert found.lines[-1] == LATE_MEANS
    assert "Caused by" not in "".join(found.lines)


def test_what_a_process_printed_counts_only_if_it_is_a_traceback() -> None:
    assert first("host sum is 1.0\nguest sum is 2.0\n") is None
    assert first("") is None
    printed = f"starting\nTraceback (most recent call last):\n{STEP}\n    run()\nOSError: no roll\n"
    assert first(printed) == Failure("", ("OSError: no roll", STEP, "    run()"))


def test_a_python_environment_below_fate_s_folder_is_not_fate() -> None:
    path = "/data/projects/fate/venv/lib/python3.11/site-packages/numpy/core.py"
    trace = (
        f'Traceback (most recent call last):\n  File "{path}", line 1, in add\n    x\nValueError'
    )
    assert first(trace) == Failure("", ("ValueError",))
