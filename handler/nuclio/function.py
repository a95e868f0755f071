"""A function.yaml for a model and a platform: what nuctl deploys and CVAT lists."""

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from handler.detection.labels import Label
from handler.errors import SettingsError
from handler.nuclio.commented import comment_lines, plain, to_yaml
from handler.nuclio.document import HEADERS, document_of
from handler.nuclio.limits import MOUNT_POINT
from handler.nuclio.parameters import Parameters


class Function(Parameters):
    """One function.yaml: of a model, as a dictionary, as text."""

    @classmethod
    def of_model(
        cls,
        folder: Path,
        config: Mapping[str, Any],
        description: str,
        labels: Sequence[Label],
        *,
        name: str | None = None,
        image: str | None = None,
        variant: str = "",
        **options: Any,
    ) -> Self:
        """Return the function of a model folder, named as model.yaml says, or as the folder is.

        The folder is that of the host, `weights_path`, where it is named; a mount point says
        nothing, and the title in model.yaml is taken instead.

        variant: the end of the tag of the image of ours that is meant, empty for the usual one.

        Raises:
            SettingsError: a value that the platform refuses, or an image that we do not have.
        """
        title = config.get("name") or _title(folder, options.get("weights_path"), config)
        return cls(
            name=name or function_name(title),
            title=config.get("title", title),
            description=config.get("description", description),
            image=image or _own_image(variant, options["gpu"]),
            labels=labels,
            **options,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what the file says to a machine."""
        return dict(plain(document_of(self)))

    def to_yaml(self) -> str:
        """Return the file's text, with the reasons as comments."""
        header = HEADERS["build" if self.build_image else self.platform]
        return "\n".join([*comment_lines(header), to_yaml(document_of(self))])


def _title(folder: Path, weights_path: Path | None, config: Mapping[str, Any]) -> str:
    known = weights_path or folder.resolve()
    if known == MOUNT_POINT:
        return str(config.get("title", "auto-annotate"))
    return known.name


def _own_image(variant: str, gpu: bool) -> str:
    if variant and gpu:
        raise SettingsError(
            f"The image for {variant} is for the CPU",
            "Leave --gpu out, or name an image of your own with --image.",
        )
    tag = variant or ("cuda" if gpu else "")
    return "-".join(filter(None, [f"auto-annotate:{version('auto-annotate')}", tag]))


def function_name(text: str) -> str:
    """Return `text` as a name that Nuclio takes: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:56].strip("-") or "auto-annotate"
