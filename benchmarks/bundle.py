"""A bundle beside what one would write by hand: `docker save | gzip` here, `docker load` there.

    python -m benchmarks.bundle            # of the slim image; about ten times `docker save`
    python -m benchmarks.bundle --no-sbom  # without the lists by syft

Each image is unpacked anew: the bundle's has other times in its lowest layer, and so no layer in
common with the one it is made from.
"""

import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from handler.bundle.order import flavour_image

ROUNDS = 3
KEPT = "auto-annotate:benchmark-of-the-bundle"


def timed(command: str) -> float:
    """Return how long a shell command takes, in seconds."""
    start = time.perf_counter()
    subprocess.run(["sh", "-euc", command], check=True, stdout=subprocess.DEVNULL)  # noqa: S603, S607
    return time.perf_counter() - start


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def measure(
    image: str, options: list[str], folder: Path
) -> tuple[dict[str, float], dict[str, int]]:
    """Return seconds by what was done, and bytes by what was made, of one round."""
    archive, again, bundle = folder / "save.tgz", folder / "again.tgz", folder / "bundle"
    name = shlex.quote(image)
    program = "from handler.cli import main; main()"
    command = [sys.executable, "-c", program, "bundle", "--flavour", "slim"]
    command += ["--platform", "kubernetes", "--nuclio", "none"]  # no images of Nuclio beside it
    make = shlex.join([*command, *options, "--out", str(bundle)])
    seconds = {"docker save | gzip": timed(f"docker save {name} | gzip >{archive}")}
    seconds["bundle"] = timed(f"SOURCE_DATE_EPOCH=1 {make}")
    sizes = {"docker save | gzip": size_of(archive), "bundle": size_of(bundle / "images")}
    seconds["install load"] = timed(f"sh {bundle}/install load")
    subprocess.run(["sh", "-euc", f"docker save {name} | gzip >{again}"], check=True)  # noqa: S603, S607
    seconds["docker load"] = timed(f"docker image rm {name} && docker load <{again}")
    subprocess.run(["docker", "image", "rm", image], check=True, capture_output=True)  # noqa: S603, S607
    subprocess.run(["docker", "tag", KEPT, image], check=True)  # noqa: S603, S607
    for path in (archive, again):
        path.unlink()
    subprocess.run(["rm", "-r", bundle], check=True)  # noqa: S603, S607
    return seconds, sizes


def main(say: Callable[[str], object] = print) -> None:
    """Measure, and print the ratios."""
    image, options = flavour_image("slim"), sys.argv[1:]
    subprocess.run(["docker", "tag", image, KEPT], check=True)  # noqa: S603, S607
    try:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
            rounds = [measure(image, options, Path(folder)) for _ in range(ROUNDS)]
    finally:
        subprocess.run(["docker", "tag", KEPT, image], check=True)  # noqa: S603, S607
        subprocess.run(["docker", "image", "rm", KEPT], check=True, capture_output=True)  # noqa: S603, S607
    seconds = {key: [times[key] for times, _ in rounds] for key in rounds[0][0]}
    sizes = rounds[0][1]
    for key, times in seconds.items():
        say(f"{key:20} {statistics.median(times):6.1f} s  ({', '.join(f'{t:.1f}' for t in times)})")
    for ours, theirs in (("bundle", "docker save | gzip"), ("install load", "docker load")):
        pairs = zip(seconds[ours], seconds[theirs], strict=True)
        say(f"{ours} / {theirs}: {statistics.median(a / b for a, b in pairs):.2f}")
    say(f"size of the images: {sizes['bundle'] / sizes['docker save | gzip']:.3f}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    say(f"most memory of any process: {peak / 1000:.0f} MB")


if __name__ == "__main__":
    main()
