"""All models that the server answers with: one, or several that take turns in memory."""

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from handler.errors import AnnotateError, SettingsError, WeightsError
from handler.server.served import Served
from handler.server.shelf import Shelf
from handler.settings import Settings


class Catalogue:
    """The models of some folders, in the folders' order; `ports` has the port of each.

    One model is loaded at once, and answers at the server's own address. Of several the server
    finds out what they are, one after the other, and loads each when it is first asked.
    """

    def __init__(self, settings: Settings, folders: Sequence[Path], ports: Sequence[int]) -> None:
        shelf = Shelf(settings.keep)
        self.models = [
            Served(replace(settings, weights=folder), shelf, port)
            for folder, port in zip(folders, ports, strict=True)
        ]

    @property
    def only(self) -> Served | None:
        """The model, if there is but one."""
        return self.models[0] if len(self.models) == 1 else None

    @property
    def listed(self) -> list[Served]:
        """The models that are known to work."""
        return [served for served in self.models if served.description is not None]

    @property
    def state(self) -> str:
        """starting, while it is not known of every model what it is; ready; failed: none works."""
        if any(served.state == "starting" for served in self.models):
            return "starting"
        return "ready" if self.listed else "failed"

    @property
    def versions(self) -> dict[str, str]:
        """Return the version of this package and of the libraries that run the models."""
        libraries = [served.description.versions for served in self.models if served.description]
        found = {"auto-annotate": version("auto-annotate")}
        return {name: number for each in [found, *libraries] for name, number in each.items()}

    @property
    def failure(self) -> AnnotateError | None:
        """Why nothing can be answered at all."""
        if self.state != "failed":
            return None
        if self.only is not None:
            return self.only.error
        return WeightsError(
            f"None of the {len(self.models)} model folders can be served",
            "The lines above have the reason for each.",
        )

    async def start(self) -> None:
        """Load the only model, or find out what each of several is."""
        if self.only is not None:
            await self.only.load()
            return
        for served in self.models:
            await served.examine()
            first = self.named(served.name)
            if served.description is not None and first is not served and first is not None:
                served.leave_out(
                    SettingsError(
                        f"{first.folder} is called {served.name!r} as well",
                        "Give one of them another `name` in its model.yaml.",
                    )
                )

    def named(self, name: str) -> Served | None:
        """Return the model of a name; of several, one that works."""
        found = [served for served in self.models if served.name == name]
        return next((served for served in found if served in self.listed), next(iter(found), None))

    def at(self, port: int) -> Served | None:
        """Return the model that answers at a port of its own, or the only one."""
        return self.only or next((each for each in self.models if each.port == port), None)
