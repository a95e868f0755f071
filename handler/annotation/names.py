"""The names of results: no picture's answer takes the place of another's."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from handler.annotation.index import Index
from handler.annotation.sources import Source


def claimed(sources: Sequence[Source], index: Index) -> dict[Source, str]:
    """Give each source the name of its results, and write down in the index whose they are.

    Raises:
        SettingsError: the index cannot be written.
    """
    names = named(
        sources, lambda name, source: index.belongs_to_another(_first(source, name), source.path)
    )
    index.claim({_first(source, name): source.path for source, name in names.items()})
    return names


def _first(source: Source, name: str) -> str:
    """Return the name of a source's first result: of a video, that of its first frame."""
    return f"{name}/{0:06}" if source.is_video else name


def named(sources: Iterable[Source], taken: Callable[[str, Source], bool]) -> dict[Source, str]:
    """Give each source the name of its results: its path below the argument, without the suffix.

    A video keeps its suffix, for beside it can lie a folder of its frames. Where two would have the
    same name, both keep their suffix; where that is the same too, the
    argument's name goes before it, and at last a number behind. taken: whether a name already
    belongs to another source.
    """
    names: dict[Source, str] = {}
    waiting = list(sources)
    numbered = [partial(_numbered, number) for number in range(2, 1000)]
    rules: list[Callable[[Source], str]] = [_plain, _with_suffix, _with_root, *numbered]
    for rule in rules:
        wanted: dict[str, list[Source]] = {}
        for source in waiting:
            wanted.setdefault(rule(source), []).append(source)
        given = set(names.values())
        waiting = []
        for name, sharers in wanted.items():
            free = len(sharers) == 1 and name not in given and not taken(name, sharers[0])
            if free:
                names[sharers[0]] = name
            else:
                waiting += sharers
        if not waiting:
            break
    return names


def _plain(source: Source) -> str:
    return str(source.relative if source.is_video else source.relative.with_suffix(""))


def _with_suffix(source: Source) -> str:
    return str(source.relative)


def _with_root(source: Source) -> str:
    return f"{source.root.resolve().name}/{source.relative}"


def _numbered(number: int, source: Source) -> str:
    return f"{source.relative.with_suffix('')}-{number}{source.relative.suffix}"
