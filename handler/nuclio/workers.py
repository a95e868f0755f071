"""The workers that Nuclio's processor starts in this container, each a process of its own."""

from dataclasses import replace
from pathlib import Path

from handler.errors import SettingsError
from handler.machine import cpus
from handler.machine.machine import memory
from handler.rules.function_file import FunctionFile, read_text
from handler.settings import Settings

# What the processor itself reads: `pkg/processor/config` of Nuclio 1.14.
CONFIGURATION = Path("/etc/nuclio/config/processor/processor.yaml")


def sharing(settings: Settings, configuration: Path = CONFIGURATION) -> Settings:
    """Return the settings of one worker: its part of what is shared, unless a number is set.

    That is the processors, and half of the memory for pictures.
    """
    try:
        workers = FunctionFile.parse(read_text(configuration), configuration.name).workers
    except SettingsError:  # without a processor there is one
        workers = 1
    if workers == 1:
        return settings
    return replace(
        settings,
        threads=settings.threads or cpus.available(workers),
        picture_memory=settings.picture_memory or max(1, memory() // workers // 2 // 10**6),
    )
