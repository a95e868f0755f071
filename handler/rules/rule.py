"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from handler.errors import AnnotateError

Severity = Literal["error", "warning", "info"]
T = TypeVar("T")
Search: TypeAlias = Callable[[T], Iterable[str | AnnotateError]]

# Changes a function.yaml, as parsed, so that the rule holds.
Mend = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Finding:
    """One thing that a rule found: what, and what to do about it. Both are single lines."""

    subject: str
    rule: str
    severity: Severity
    finding: str
    remedy: str


@dataclass(frozen=True)
class Rule(Generic[T]):
    """What has to hold for a `T`.

    `search` yields a sentence for each place where it does not, or an error with its own remedy.
    """

    subject: str
    name: str
    severity: Severity
    statement: str
    remedy: str
    search: Search[T]
    mend: Mend | None = None

    def findings(self, examined: T) -> Iterator[Finding]:
        """Yield what is found on `examined`."""
        for found in self.search(examined):
            error = found if isinstance(found, AnnotateError) else AnnotateError(found, self.remedy)
            remedy = error.remedy or self.remedy
            yield Finding(self.subject, self.name, self.severity, error.message, remedy)


class Rules(list[Rule[T]]):
    """The rules about one subject; calling it gives a decorator that adds one."""

    def __init__(self, subject: str) -> None:
        super().__init__()
        self.subject = subject

    def __call__(
        self,
        name: str,
        severity: Severity,
        statement: str,
        remedy: str,
        mend: Mend | None = None,
    ) -> Callable[[Search[T]], Search[T]]:
        """Return the decorator that adds a rule with the search that it decorates."""

        def add(search: Search[T]) -> Search[T]:
            self.append(Rule(self.subject, name, severity, statement, remedy, search, mend))
            return search

        return add

    def findings(self, examined: T) -> Iterator[Finding]:
        """Yield what is found on `examined`."""
        for rule in self:
            yield from rule.findings(examined)


def setting(*path_and_value: Any) -> Mend:
    """Return the change that puts a value at a path of keys."""
    *path, key, value = path_and_value

    def mend(document: dict[str, Any]) -> None:
        part(document, *path)[key] = value

    return mend


def dropping(*path: str) -> Mend:
    """Return the change that removes what is at a path of keys, and its table if that is empty."""
    *above, last, key = path

    def mend(document: dict[str, Any]) -> None:
        parent = part(document, *above)
        part(parent, last).pop(key, None)
        if not parent[last]:
            del parent[last]

    return mend


def part(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return a table inside `document`, made where it is missing."""
    for key in keys:
        if not isinstance(document.get(key), dict):
            document[key] = {}
        document = document[key]
    return document
