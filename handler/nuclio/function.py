"""A function.yaml for a model: what nuctl deploys and CVAT lists.

Keys and their meaning: Nuclio 1.14 `pkg/functionconfig`, CVAT 2.73 `lambda_manager`.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from handler.cvat.spec import spec_of
from handler.errors import SettingsError
from handler.labels import Label

_TEMPLATE = """\
# Deploy on a Docker host (Nuclio starts the image as it is, nothing is built or installed):
#   nuctl create project cvat --platform local
#   nuctl deploy --project-name cvat --platform local --file function.yaml
metadata:
  name: {name}
  namespace: nuclio
  labels:
    # CVAT lists the functions of this project only.
    nuclio.io/project-name: cvat
  annotations:
    name: {title}
    type: detector
    # The labels that CVAT shows, made from the weights.
    spec: |
      [
{labels}
      ]
spec:
  # CVAT cannot list its models when this is empty.
  description: {description}
  runtime: python:3.11
  handler: handler.main:handler
  # With build.image in its place Nuclio would start a build, even for nuctl --run-image.
  image: {image}
  # Loading a model takes longer than Nuclio's own limits expect.
  readinessTimeoutSeconds: 600
  volumes:
    # The model folder of this host: best.pt, and classes.txt and model.yaml if there are any.
    - volume:
        name: weights
        hostPath:
          path: {weights_path}
      volumeMount:
        name: weights
        mountPath: /weights
        readOnly: true
  triggers:
    http:
      kind: http
      # One model in memory. Older Nuclio reads maxWorkers, newer numWorkers.
      numWorkers: 1
      maxWorkers: 1
      # A frame waits this long for the worker before Nuclio answers 503.
      workerAvailabilityTimeoutMilliseconds: 60000
      attributes:
        # Pictures arrive as base64; Nuclio's own limit of 4 MiB is less than a photograph.
        maxRequestBodySize: {max_body_bytes}
  platform:
    attributes:
      restartPolicy:
        name: always
        maximumRetryCount: 3
"""

MAX_BODY_BYTES = 64 * 1024 * 1024

# What a YAML file may not hold as it is (YAML 1.2, c-printable), and its further line breaks.
_NOT_IN_YAML = re.compile(
    r"[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


@dataclass(frozen=True)
class Function:
    """What one function.yaml says. `weights_path` is the model folder on the Docker host."""

    name: str
    title: str
    description: str
    image: str
    weights_path: Path
    labels: Sequence[Label]

    def __post_init__(self) -> None:
        # A Docker container's and a Kubernetes object's name at once: RFC 1123.
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", self.name):
            raise SettingsError(
                f"The function name {self.name!r} is not one that Nuclio takes",
                "Use small letters, digits and dashes, at most 63.",
            )
        if not self.weights_path.is_absolute():
            raise SettingsError(
                f"The path of the weights on the host, {self.weights_path}, is not absolute"
            )

    def to_yaml(self) -> str:
        """Return the file's text. Strings are JSON, which is YAML too: no name can break it."""
        labels = ",\n".join(f"        {_quote(label)}" for label in spec_of(self.labels))
        return _TEMPLATE.format(
            name=_quote(self.name),
            title=_quote(self.title),
            description=_quote(self.description),
            image=_quote(self.image),
            weights_path=_quote(str(self.weights_path)),
            labels=labels,
            max_body_bytes=MAX_BODY_BYTES,
        )


def function_name(text: str) -> str:
    """Return `text` as a name that Nuclio takes: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-") or "auto-annotate"


def _quote(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return _NOT_IN_YAML.sub(lambda match: json.dumps(match[0])[1:-1], text)
