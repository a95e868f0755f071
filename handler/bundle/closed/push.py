"""Sends a bundle's images into a registry under their digests, and reads them back.

Run by `install` inside one of the images, where Docker is all there is; it needs Python alone.
Protocol: OCI distribution-spec 1.1. The password is the first line of standard input.
"""

import argparse
import base64
import hashlib
import http.client
import json
import re
import ssl
import sys
import urllib.parse
from pathlib import Path

IMAGES = Path(__file__).resolve().parent / "images"
LIST = IMAGES.parent / "images.tsv"
CHUNK = 1 << 20
TIMEOUT = 60  # seconds without an answer


class PushError(Exception):
    """A registry that does not take an image; a line that says why."""


class Registry:
    """A registry's repository, over TLS."""

    def __init__(
        self, host: str, repository: str, ca: str | None, user: str, password: str
    ) -> None:
        self.host, self.repository = host, repository
        self._context = ssl.create_default_context(cafile=ca)
        self._basic = base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        self._authorization = f"Basic {self._basic}" if user else ""

    def ask(self, method: str, path: str, body=None, headers=None, read=None):  # type: ignore[no-untyped-def]
        """Send a request; return status, headers, and the body or what `read` makes of it."""
        for attempt in (1, 2):
            if hasattr(body, "seek"):
                body.seek(0)
            url = urllib.parse.urlsplit(urllib.parse.urljoin(f"https://{self.host}/", path))
            connection = http.client.HTTPSConnection(
                url.netloc, timeout=TIMEOUT, context=self._context
            )
            try:
                sent = dict(headers or {})
                if self._authorization:
                    sent["Authorization"] = self._authorization
                target = url.path + (f"?{url.query}" if url.query else "")
                connection.request(method, target, body, sent)
                answer = connection.getresponse()
                challenge = answer.headers.get("Www-Authenticate", "")
                if answer.status == 401 and attempt == 1 and challenge.startswith("Bearer "):
                    self._authorization = f"Bearer {self._token(challenge)}"
                    continue
                content = read(answer) if read and answer.status == 200 else answer.read()
                return answer.status, answer.headers, content
            finally:
                connection.close()
        raise PushError("unauthorized: the registry asks for a token, and refuses its own")

    def _token(self, challenge: str) -> str:
        """Get a token from where the registry says (distribution-spec, token authentication)."""
        fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        scope = f"repository:{self.repository}:pull,push"
        query = urllib.parse.urlencode({"service": fields.get("service", ""), "scope": scope})
        self._authorization = f"Basic {self._basic}" if self._basic else ""
        status, _, content = self.ask("GET", f"{fields['realm']}?{query}")
        if status != 200:
            raise PushError(f"unauthorized: {fields['realm']} answers {status}")
        answer = json.loads(content)
        return str(answer.get("token") or answer["access_token"])

    def _expect(self, answer, *statuses: int):  # type: ignore[no-untyped-def]
        status, headers, content = answer
        if status in statuses:
            return headers, content
        said = content.decode(errors="replace").strip()[:200] if isinstance(content, bytes) else ""
        raise PushError(f"{self.host} answers {status} for {self.repository}: {said}")

    def push_blob(self, digest: str) -> None:
        """Send a blob, unless it is there."""
        status, _, _ = self.ask("HEAD", f"/v2/{self.repository}/blobs/{digest}")
        if status == 200:
            return
        file = blob(digest)
        if status in (401, 403):
            raise PushError(f"unauthorized: {self.host} answers {status}")
        if not file.exists():
            raise PushError(f"{self.repository} lacks {digest}: push the bundle this updates first")
        started = self.ask("POST", f"/v2/{self.repository}/blobs/uploads/", b"")
        location = self._expect(started, 202)[0]["Location"]
        joint = "&" if "?" in location else "?"
        with file.open("rb") as opened:
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Length": str(file.stat().st_size),
            }
            sent = self.ask("PUT", f"{location}{joint}digest={digest}", opened, headers)
        self._expect(sent, 201)

    def push_manifest(self, digest: str, tag: str) -> None:
        """Send a manifest and give it a tag."""
        content = blob(digest).read_bytes()
        headers = {"Content-Type": json.loads(content)["mediaType"]}
        path = f"/v2/{self.repository}/manifests/{tag}"
        self._expect(self.ask("PUT", path, content, headers), 201)

    def check(self, path: str, digest: str, media_type: str = "*/*") -> None:
        """Read a blob or a manifest back by its digest."""

        def digest_of(answer: http.client.HTTPResponse) -> str:
            hashed = hashlib.sha256()
            while chunk := answer.read(CHUNK):
                hashed.update(chunk)
            return f"sha256:{hashed.hexdigest()}"

        address = f"/v2/{self.repository}/{path}/{digest}"
        answer = self.ask("GET", address, headers={"Accept": media_type}, read=digest_of)
        if answer[0] in (301, 302, 303, 307, 308):
            self._authorization = ""  # of another place, which a signed address opens
            answer = self.ask("GET", answer[1]["Location"], read=digest_of)
        if self._expect(answer, 200)[1] != digest:
            raise PushError(f"{self.host} gives back something else for {digest}")


def blob(digest: str) -> Path:
    """Return where a blob is in the bundle."""
    return IMAGES / "blobs" / digest.replace(":", "/")


def push(registry: Registry, digest: str, tag: str) -> None:
    """Send an image and read all of it back."""
    manifest = json.loads(blob(digest).read_bytes())
    blobs = [manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])]
    for one in blobs:
        registry.push_blob(one)
    registry.push_manifest(digest, tag)
    registry.check("manifests", digest, manifest["mediaType"])
    for one in dict.fromkeys(blobs):
        registry.check("blobs", one)


def main() -> None:
    """Push every image of the bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("registry", help="HOST[:PORT][/PATH]")
    parser.add_argument("--ca", help="the certificate of the registry's authority")
    parser.add_argument("--user", default="")
    arguments = parser.parse_args()
    password = sys.stdin.readline().rstrip("\n")
    host, _, folder = arguments.registry.partition("/")
    for row in LIST.read_text("utf-8").splitlines():
        _, path, _, digest, *_ = row.split("\t")
        repository, _, tag = f"{folder}/{path}".strip("/").rpartition(":")
        registry = Registry(host, repository, arguments.ca, arguments.user, password)
        try:
            push(registry, digest, tag)
        except (OSError, http.client.HTTPException, PushError) as error:
            sys.exit(f"{host}: {error}")
        print(f"Pushed {host}/{repository}:{tag}, and pulled {digest}.", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
