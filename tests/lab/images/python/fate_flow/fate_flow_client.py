"""The two calls of FATE Flow's command line client that publish a model.

python fate_flow_client.py -f load -c FILE
python fate_flow_client.py -f bind -c FILE
"""

import argparse
import json
import os
import urllib.error
import urllib.request
from typing import Any

HERE = os.path.dirname(os.path.realpath(__file__))
SERVER_CONF = os.path.join(HERE, "..", "arch", "conf", "server_conf.json")


def load(path: str) -> Any:
    with open(path) as file:
        return json.load(file)


def post(path: str, body: object) -> Any:
    server = load(SERVER_CONF)["servers"]["fateflow"]
    url = f"http://{server['host']}:{server['http.port']}/v1/{path}"
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)
    except (OSError, urllib.error.URLError) as error:
        return {"retcode": 100, "retmsg": f"fateflow {url}: {getattr(error, 'reason', error)}"}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-f", "--function", required=True, choices=["load", "bind"])
    parser.add_argument("-c", "--config", required=True, help="a JSON file, the request")
    options = parser.parse_args()
    try:
        body = load(options.config)
    except (OSError, ValueError) as error:
        answer = {"retcode": 100, "retmsg": f"{options.config}: {error}"}
    else:
        answer = post(f"model/{options.function}", body)
    print(json.dumps(answer, indent=4, ensure_ascii=False))


main()
