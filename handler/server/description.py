"""What is known of a model while it is not in memory: what CVAT lists, and what it was made of."""

from dataclasses import dataclass
from typing import Any

from handler.cvat.rules import RULES
from handler.cvat.spec import spec_of
from handler.errors import SettingsError
from handler.nuclio.function import Function
from handler.rules.function_file import FunctionFile
from handler.service import Service


@dataclass(frozen=True)
class Description:
    """A model's `metadata` as in its function.yaml, and what else is told about it.

    labels: CVAT's label spec. threshold: the lowest score of an answer when no request names one.
    versions: of the libraries that run it.
    """

    metadata: dict[str, Any]
    description: str
    task: str
    labels: list[dict[str, Any]]
    threshold: float
    versions: dict[str, str]

    @property
    def name(self) -> str:
        """The function's name, of small letters, digits and dashes."""
        return str(self.metadata["name"])

    @property
    def title(self) -> str:
        """The name on CVAT's Models page."""
        return str(self.metadata["annotations"]["name"])

    @classmethod
    def of(cls, service: Service) -> "Description":
        """Describe a loaded model.

        Raises:
            SettingsError: CVAT could not list it, and with it no other model.
        """
        path = service.folder.path.resolve()
        document = Function.of_model(
            path,
            service.folder.config,
            service.model.description,
            service.labels,
            weights_path=path,
            gpu=False,
        ).to_dict()
        for found in RULES.findings(FunctionFile(document, "docker")):
            if found.severity == "error":
                raise SettingsError(found.finding, found.remedy)
        metadata = document["metadata"]
        annotations = dict(sorted(metadata["annotations"].items()))  # as Nuclio lists them
        return cls(
            metadata=metadata | {"annotations": annotations},
            description=document["spec"]["description"],
            task=service.model.task,
            labels=spec_of(service.labels),
            threshold=service.options.threshold,
            versions=service.model.versions,
        )
