"""The signature of SHA256SUMS: one that openssl verifies by itself, and cosign as well.

A key of cosign signs through cosign 3, without a network; a key in PEM through openssl.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from handler.bundle.errors import BundleError


def fingerprint(key: Path) -> str:
    """Return the SHA-256 of a private key's public half (DER, SubjectPublicKeyInfo), in hex.

    Raises:
        BundleError: it is no key, or its password is wrong.
    """
    return hashlib.sha256(_public(key)).hexdigest()


def sign(file: Path, key: Path) -> None:
    """Sign a file: FILE.sig beside it, ECDSA or RSA over SHA-256, in DER.

    Raises:
        BundleError: a tool is missing, or refuses the key.
    """
    if _is_cosign_s(key):
        signature = _signature_by_cosign(file, key)
    else:
        signature = _run("openssl", "dgst", "-sha256", "-sign", str(key), str(file))
    file.with_name(f"{file.name}.sig").write_bytes(signature)


def _signature_by_cosign(file: Path, key: Path) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        # Without a configuration of its own, cosign 3 asks for one on the internet.
        configuration, bundle = Path(folder, "signing-config.json"), Path(folder, "bundle.json")
        _run("cosign", "signing-config", "create", "--out", str(configuration))
        options = ["--yes", "--key", str(key), "--signing-config", str(configuration)]
        _run("cosign", "sign-blob", *options, "--bundle", str(bundle), str(file))
        # Sigstore's bundle 0.3 (sigstore/protobuf-specs, `sigstore_bundle.proto`).
        signed = json.loads(bundle.read_text("utf-8"))
    return base64.b64decode(signed["messageSignature"]["signature"])


def _is_cosign_s(key: Path) -> bool:
    try:
        text = key.read_text("ascii", errors="replace")
    except OSError as error:
        raise BundleError(
            f"The key {key} cannot be read: {error.strerror}",
            "Make one with `cosign generate-key-pair`, and name cosign.key.",
        ) from None
    return "ENCRYPTED SIGSTORE PRIVATE KEY" in text or "ENCRYPTED COSIGN PRIVATE KEY" in text


def _public(key: Path) -> bytes:
    """Return the public half of a key, in DER."""
    if not _is_cosign_s(key):
        return _run("openssl", "pkey", "-in", str(key), "-pubout", "-outform", "DER")
    pem = _run("cosign", "public-key", "--key", str(key)).decode()
    lines = [line for line in pem.splitlines() if line and not line.startswith("-----")]
    return base64.b64decode("".join(lines))


_TO_INSTALL: Mapping[str, str] = {
    "cosign": "Install cosign 3 (go install github.com/sigstore/cosign/v3/cmd/cosign@latest), or "
    "sign with a key in PEM, for which openssl is enough.",
    "openssl": "Install openssl.",
}


def _run(tool: str, *arguments: str) -> bytes:
    program = shutil.which(tool)
    if program is None:
        raise BundleError(f"{tool} is not on PATH, and the key needs it", _TO_INSTALL[tool])
    ended = subprocess.run(  # noqa: S603 - no shell, and the arguments are ours
        [program, *arguments], capture_output=True, check=False, env=_environment()
    )
    if ended.returncode:
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        raise BundleError(
            f"{tool} {arguments[0]} failed: {said[-1] if said else 'it says nothing'}",
            "Is this the private key, and COSIGN_PASSWORD its password?",
        )
    return ended.stdout


def _environment() -> dict[str, str]:
    """Return our environment; without a password in it, cosign would wait for one on a terminal."""
    return {"COSIGN_PASSWORD": "", **os.environ}
