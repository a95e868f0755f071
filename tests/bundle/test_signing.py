"""Signatures, verified by openssl and, where it is, by cosign."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from handler.bundle.errors import BundleError
from handler.bundle.signing import fingerprint, sign


def verified(file: Path, public: Path) -> bool:
    signature = ["-verify", str(public), "-signature", f"{file}.sig"]
    command = ["openssl", "dgst", "-sha256", *signature, str(file)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "SHA256SUMS"
    file.write_text("sums")
    return file


def test_openssl_verifies_it_until_the_file_changes(file: Path, key: Path) -> None:
    sign(file, key)
    assert verified(file, key.with_suffix(".pub"))
    file.write_text("other sums")
    assert not verified(file, key.with_suffix(".pub"))


def test_a_fingerprint_is_of_the_public_half(key: Path) -> None:
    public_key = str(key.with_suffix(".pub"))
    command = ["openssl", "pkey", "-pubin", "-in", public_key, "-outform", "DER"]
    public = subprocess.run(command, check=True, capture_output=True).stdout
    assert fingerprint(key) == hashlib.sha256(public).hexdigest()


def test_what_is_no_key(tmp_path: Path, file: Path) -> None:
    with pytest.raises(BundleError, match="openssl pkey failed"):
        fingerprint(file)
    with pytest.raises(BundleError, match="cannot be read: No such file"):
        fingerprint(tmp_path / "cosign.key")


def test_without_cosign_it_says_what_to_do(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "cosign.key"
    key.write_text("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----")
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(BundleError, match="cosign is not on PATH"):
        sign(file, key)


@pytest.mark.skipif(shutil.which("cosign") is None, reason="cosign is not installed")
def test_cosign_signs_and_verifies(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch, key: Path
) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "a password")
    monkeypatch.chdir(tmp_path)
    subprocess.run(["cosign", "generate-key-pair"], check=True, capture_output=True)  # noqa: S607
    sign(file, tmp_path / "cosign.key")
    assert verified(file, tmp_path / "cosign.pub")
    for private, public in (("cosign.key", "cosign.pub"), (key, key.with_suffix(".pub"))):
        sign(file, tmp_path / private)
        command = ["cosign", "verify-blob", "--key", public, "--signature", f"{file}.sig"]
        subprocess.run(
            [*command, "--insecure-ignore-tlog=true", file], check=True, capture_output=True
        )
    monkeypatch.setenv("COSIGN_PASSWORD", "another")
    with pytest.raises(BundleError, match="COSIGN_PASSWORD"):
        sign(file, tmp_path / "cosign.key")
