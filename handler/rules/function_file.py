"""A function.yaml as people write it: every part may be missing or of another kind."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from handler.errors import SettingsError


@dataclass(frozen=True)
class FunctionFile:
    """A parsed function.yaml and the platform it is for, docker or kubernetes.

    What is of the wrong kind reads as empty, so that one mistake gives one finding.
    """

    document: dict[str, Any]
    platform: str = "docker"

    @classmethod
    def parse(cls, text: str, name: str, platform: str | None = None) -> "FunctionFile":
        """Parse a file's text; `name` is the file's in errors.

        The platform, where none is given, is Kubernetes if the file is a resource.

        Raises:
            SettingsError: it is not YAML, or not one table of keys and values.
        """
        try:
            documents = [document for document in yaml.safe_load_all(text) if document is not None]
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            where = getattr(error, "problem_mark", None)
            line = f" (line {where.line + 1}: {getattr(error, 'problem', '')})" if where else ""
            raise SettingsError(
                f"{name} is not YAML{line}", "Check its indentation and quotes."
            ) from None
        if len(documents) != 1 or not isinstance(documents[0], dict):
            raise SettingsError(
                f"{name} is not one table of keys and values",
                "`auto-annotate function` writes one, with the keys metadata and spec.",
            )
        document = documents[0]
        is_resource = str(document.get("apiVersion", "")).startswith("nuclio.io/")
        return cls(document, platform or ("kubernetes" if is_resource else "docker"))

    @property
    def metadata(self) -> dict[str, Any]:
        """`metadata`, empty where it is no table."""
        return table(self.document.get("metadata"))

    @property
    def name(self) -> str:
        """The function's name, empty where there is none."""
        return str(self.metadata.get("name") or "")

    @property
    def annotations(self) -> dict[str, Any]:
        """`metadata.annotations`, empty where it is no table."""
        return table(self.metadata.get("annotations"))

    @property
    def label_spec(self) -> list[dict[str, Any]]:
        """CVAT's label spec, as far as it is a list of tables."""
        try:
            return rows(json.loads(self.annotations.get("spec", "")))
        except (ValueError, TypeError, RecursionError):
            return []

    @property
    def label_names(self) -> list[str]:
        """The names in the label spec."""
        return [str(label.get("name")) for label in self.label_spec]

    @property
    def spec(self) -> dict[str, Any]:
        """`spec`, empty where it is no table."""
        return table(self.document.get("spec"))

    @property
    def build(self) -> dict[str, Any]:
        """`spec.build`, empty where it is no table."""
        return table(self.spec.get("build"))

    @property
    def triggers(self) -> dict[str, dict[str, Any]]:
        """`spec.triggers`, those of them that are tables."""
        triggers = table(self.spec.get("triggers"))
        return {str(key): trigger for key, trigger in triggers.items() if table(trigger)}

    @property
    def http_triggers(self) -> dict[str, dict[str, Any]]:
        """The triggers of the kind http."""
        return {key: each for key, each in self.triggers.items() if each.get("kind") == "http"}

    @property
    def workers(self) -> int:
        """How many processes, each with a model of its own, answer frames; at least 1."""
        return max([1, *map(workers_of, self.http_triggers.values())])

    @property
    def volumes(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Each volume with its mount."""
        volumes = rows(self.spec.get("volumes"))
        return [(table(each.get("volume")), table(each.get("volumeMount"))) for each in volumes]

    @property
    def environment(self) -> dict[str, Any]:
        """The values of `spec.env`; None for one that comes from elsewhere, such as a secret."""
        variables = rows(self.spec.get("env"))
        return {str(each.get("name")): each.get("value") for each in variables}

    def resources(self, kind: str) -> dict[str, Any]:
        """Return `spec.resources`' requests or limits."""
        return table(table(self.spec.get("resources")).get(kind))

    @property
    def wants_gpu(self) -> bool:
        """Whether the limits ask for a GPU."""
        return bool(self.resources("limits").get("nvidia.com/gpu"))


def read_text(path: Path) -> str:
    """Read a text file.

    Raises:
        SettingsError: it does not exist, or is not text.
    """
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text", "Save it as UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror})") from None


def workers_of(trigger: dict[str, Any]) -> int:
    """Return a trigger's number of workers: Nuclio before 1.13 read maxWorkers."""
    for key in ("numWorkers", "maxWorkers"):
        number = whole(trigger.get(key))
        if number is not None:
            return number
    return 1


def table(value: Any) -> dict[str, Any]:
    """Return `value` if it is a table, else an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[dict[str, Any]]:
    """Return the tables in `value` if it is a list, else none."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def whole(value: Any) -> int | None:
    """Return `value` if it is a whole number, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
