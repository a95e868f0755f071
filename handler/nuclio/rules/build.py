"""What makes Nuclio build an image instead of starting the one that is there.

Nuclio looks at build.path, build.image and build.functionSourceCode before spec.image:
`functionBuildRequired` in `pkg/platform/abstract/platform.go`.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from handler.rules.function_file import FunctionFile
from handler.rules.rule import Rules, dropping, part

RULES: Rules[FunctionFile] = Rules("Nuclio")
rule = RULES

_STARTS_A_BUILD = ("path", "image", "functionSourceCode")
_DOWNLOADS = re.compile(r"\b(pip3?|apt|apt-get|apk|yum|dnf|conda|mamba|curl|wget|git|npm)\s")
# An image's name as Docker takes it: distribution/reference, `reference.go`.
_REFERENCE = re.compile(
    r"([\w.-]+(:\d+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?",
    re.ASCII,
)


def builds(function: FunctionFile) -> bool:
    """Return whether Nuclio would build an image for this file."""
    return any(function.build.get(key) for key in _STARTS_A_BUILD)


def _use_the_image(document: dict[str, Any]) -> None:
    spec = part(document, "spec")
    image = part(spec, "build").pop("image")
    spec.setdefault("image", image)
    if not spec["build"]:
        del spec["build"]


@rule(
    "build-image",
    "error",
    "an image that exists is named by `spec.image`, not by `spec.build.image`",
    "Move the name to spec.image. To build on our image, see docs/functions.md.",
    _use_the_image,
)
def _build_image(function: FunctionFile) -> Iterator[str]:
    build = function.build
    if build.get("image") and not (build.get("baseImage") and build.get("noBaseImagesPull")):
        yield (
            f"build.image ({build['image']}) is the name of an image that Nuclio is to make: "
            "it starts a build and fetches what it needs from the internet, "
            "even with `nuctl --run-image`"
        )


@rule(
    "build-source",
    "error",
    "the file names an image or sources to build from, not both",
    "Leave build.path and build.functionSourceCode out to start the image as it is.",
)
def _build_source(function: FunctionFile) -> Iterator[str]:
    for key in ("path", "functionSourceCode"):
        if function.build.get(key) and function.spec.get("image"):
            yield f"With build.{key} Nuclio builds an image and does not look at spec.image"


@rule(
    "build-downloads",
    "warning",
    "a build installs nothing from the network",
    "Use an image that holds everything: name it in spec.image and remove the build section.",
)
def _build_downloads(function: FunctionFile) -> Iterator[str]:
    if not builds(function):
        return
    for key in ("commands", "directives"):
        steps = json.dumps(function.build.get(key), default=str)
        tools = sorted({match[1] for match in _DOWNLOADS.finditer(steps)})
        if tools:
            yield (
                f"build.{key} runs {', '.join(tools)} at every deployment: it is slow, can fetch "
                "other versions than last time, and fails without internet or behind a proxy"
            )


@rule(
    "build-unused",
    "warning",
    "a build section builds something",
    "Remove the build section.",
    dropping("spec", "build"),
)
def _build_unused(function: FunctionFile) -> Iterator[str]:
    handled = {"mode", "codeEntryType"}  # by rules of their own
    unused = [key for key in function.build if key not in handled]
    if unused and not builds(function) and function.spec.get("image"):
        yield f"Nuclio builds nothing here, so build.{unused[0]} has no effect"


@rule(
    "never-build",
    "error",
    "`spec.build.mode` is not neverBuild",
    "Leave build.mode out: with spec.image alone nothing is built.",
    dropping("spec", "build", "mode"),
)
def _never_build(function: FunctionFile) -> Iterator[str]:
    if function.build.get("mode") == "neverBuild":
        yield "Nuclio refuses build.mode neverBuild for a function that it does not have yet"


@rule(
    "code-entry-type",
    "warning",
    "`spec.build.codeEntryType` is not image",
    "Leave build.codeEntryType out.",
    dropping("spec", "build", "codeEntryType"),
)
def _code_entry_type(function: FunctionFile) -> Iterator[str]:
    if function.build.get("codeEntryType") == "image":
        yield "build.codeEntryType: image changes nothing: what counts is spec.image"


@rule(
    "no-image",
    "error",
    "the file names an image to start",
    "Name the prebuilt image in spec.image.",
)
def _no_image(function: FunctionFile) -> Iterator[str]:
    if not function.spec.get("image") and not builds(function):
        yield "The file names no image, so Nuclio has nothing to start"


@rule(
    "image-reference",
    "error",
    "image names are ones that Docker takes",
    "Write REGISTRY/NAME:TAG in small letters, without https:// and spaces.",
)
def _image_reference(function: FunctionFile) -> Iterator[str]:
    names = {
        "spec.image": function.spec.get("image"),
        "spec.build.image": function.build.get("image"),
        "spec.build.baseImage": function.build.get("baseImage"),
    }
    for path, name in names.items():
        if name and not _REFERENCE.fullmatch(str(name)):
            yield f"{path} is {str(name)[:80]!r}, which is not an image's name"
