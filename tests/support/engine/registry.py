"""A registry on a Docker host, with one image, which it gives away for a password only.

    python -m tests.support.engine.registry FOLDER NAME USER   (the password is on standard input)

It has as much of the registry's HTTP API (version 2) as a pull needs. Docker accepts plain HTTP
from 127.0.0.1.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.engine.docker_hosts import DockerHost

_TYPE = "application/vnd.docker.{}+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar"


class Registry:
    """A registry that runs on a Docker host, at its 127.0.0.1.

    Args:
        host: the Docker host.
        folder: an empty folder for its data.
        image: an image of the host; the registry has one with the same files.
        name: the image's name in the registry, without a tag.
        user: the user who may pull.
        password: the user's password.
    """

    def __init__(
        self, host: DockerHost, folder: Path, image: str, name: str, user: str, password: str
    ) -> None:
        _publish(host, image, folder)
        command = ["nsenter", f"--net=/run/netns/{host.namespace}", sys.executable, "-m", __name__]
        self._process = subprocess.Popen(
            [*command, str(folder), name, user],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{password}\n")
        self._process.stdin.close()
        self.address = f"127.0.0.1:{self._process.stdout.readline().strip()}"

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def _publish(host: DockerHost, image: str, folder: Path) -> None:
    """Write an image's parts into a folder, each under its digest, and its manifest."""
    saved = folder / "saved.tar"
    docker = ["docker", "-H", host.url]
    subprocess.run([*docker, "save", "--output", str(saved), image], check=True)
    with tarfile.open(saved) as tar:
        (manifest,) = json.loads(_read(tar, "manifest.json"))
        config = json.loads(_read(tar, manifest["Config"]))
        config["author"] = "the registry"  # so that it is another image
        parts = _part(folder, json.dumps(config).encode())
        layers = [_part(folder, _read(tar, layer)) for layer in manifest["Layers"]]
    saved.unlink()
    published = {
        "schemaVersion": 2,
        "mediaType": _TYPE.format("distribution.manifest.v2"),
        "config": {"mediaType": _TYPE.format("container.image.v1"), **parts},
        "layers": [{"mediaType": _LAYER, **layer} for layer in layers],
    }
    (folder / "manifest").write_text(json.dumps(published))


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file
    return file.read()


def _part(folder: Path, content: bytes) -> dict[str, object]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    (folder / digest).write_bytes(content)
    return {"digest": digest, "size": len(content)}


def _serve(folder: Path, name: str, user: str, password: str) -> None:
    login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = self.path.split("/")
            if self.headers["Authorization"] != login:
                errors = {"errors": [{"code": "UNAUTHORIZED", "message": "wrong password"}]}
                self._answer(401, "application/json", json.dumps(errors).encode())
            elif self.path == "/v2/":
                self._answer(200, "application/json", b"{}")
            elif self.path.startswith(f"/v2/{name}/manifests/"):
                manifest = (folder / "manifest").read_bytes()
                self._answer(200, _TYPE.format("distribution.manifest.v2"), manifest)
            elif self.path.startswith(f"/v2/{name}/blobs/") and (folder / parts[-1]).is_file():
                part = (folder / parts[-1]).read_bytes()
                self._answer(200, "application/octet-stream", part)
            else:
                self._answer(404, "application/json", b"{}")

        do_HEAD = do_GET  # noqa: N815 - the name is that of the library

        def _answer(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="registry"')
            if kind == _TYPE.format("distribution.manifest.v2"):
                digest = hashlib.sha256(content).hexdigest()
                self.send_header("Docker-Content-Digest", f"sha256:{digest}")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.stdin.readline().strip())
