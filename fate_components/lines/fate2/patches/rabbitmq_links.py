"""Appended to the module of FATE that sets RabbitMQ up for a job, through its management API.

While a virtual host is deleted, RabbitMQ can answer a PUT for another one with 500. FATE ignores
that, and goes on with a queue that no link fetches messages for.
"""

import logging
import time
from typing import Any

import requests

_PUT_LIMIT, _PUT_PAUSE, _PUT_TIMEOUT = 60, 0.5, 60  # in seconds


def put_until_accepted(url: str, **options: Any) -> requests.Response:
    """Send a PUT request again until RabbitMQ accepts it.

    Args:
        url: the URL.
        options: those of requests.

    Raises:
        RuntimeError: it did not accept the request within a minute.
    """
    deadline = time.monotonic() + _PUT_LIMIT
    while True:
        try:
            answer = requests.put(url, timeout=_PUT_TIMEOUT, **options)
            if answer.ok:
                return answer
            said = f"{answer.status_code} {answer.text[:1000]}"
        except requests.RequestException as error:
            said = str(error)
        if time.monotonic() > deadline:
            raise RuntimeError(f"RabbitMQ did not accept PUT {url} in {_PUT_LIMIT} s: {said}")
        logging.getLogger(__name__).warning(f"PUT {url} is sent again: {said}")
        time.sleep(_PUT_PAUSE)
