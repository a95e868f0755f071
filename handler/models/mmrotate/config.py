"""A config.py of MMRotate, read as text: its generation, and whether running it is harmless."""

import ast
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handler.errors import WeightsError

# Names that a whole config of one generation has and one of the other has not.
_OF_GENERATION = {
    "0": frozenset({"checkpoint_config", "data", "evaluation", "log_config", "runner"}),
    "1": frozenset({"default_hooks", "default_scope", "test_dataloader", "train_dataloader"}),
}
_FLATTEN = (
    "Take the config that training wrote into its work_dir, which is whole; or write it from the "
    "weights: docs/families/mmrotate.md says how."
)
_TRUST = "If you trust whoever wrote it, set ANNOTATE_TRUST_WEIGHTS=true."

# What settings are written with: literals, names of other settings, sums, dict(...).
_STATEMENTS = (ast.Assign, ast.AugAssign, ast.Delete, ast.Expr)
_EXPRESSIONS = (
    ast.BinOp,
    ast.Call,
    ast.Constant,
    ast.Dict,
    ast.List,
    ast.Name,
    ast.Slice,
    ast.Starred,
    ast.Subscript,
    ast.Tuple,
    ast.UnaryOp,
)
_CALLS = {"dict", "list", "tuple"}
_SCOPES = {"mmdet", "mmrotate"}  # of registered names, such as mmdet.Resize


@dataclass(frozen=True)
class Config:
    """A config and the files that it is built on, parsed and not run.

    generation: "0" of MMRotate 0.x, "1" of 1.x.
    """

    path: Path
    generation: str

    @classmethod
    def read(cls, path: Path, trusted: bool) -> "Config":
        """Read a config.py; where it is not `trusted` it may hold settings only.

        Raises:
            WeightsError: it is not there, is not Python, needs a file that is not there, would run
                code, or is of no generation.
        """
        if not path.exists():
            raise WeightsError(
                f"{path.parent} has the weights of an MMRotate model, but not its config",
                "Copy the config that it was trained with there, under the name config.py.",
            )
        names: set[str] = set()
        for file, tree in _trees(path.resolve(), path.parent.resolve(), trusted):
            names.update(_assigned(tree))
            found = None if trusted else next(_more_than_settings(tree), None)
            if found is not None:
                raise WeightsError(f"{file} would run code ({found})", _TRUST)
        generations = [each for each, own in _OF_GENERATION.items() if names & own]
        if len(generations) != 1 or "model" not in names:
            raise WeightsError(
                f"{path} is not a whole config of MMRotate, neither of 0.x (`model` and `data`) "
                "nor of 1.x (`model` and `test_dataloader`)",
                _FLATTEN,
            )
        return cls(path, generations[0])

    def refuse_imports(self, settings: Mapping[str, Any]) -> None:
        """Check what the file came to: a registry imports a `type` that it does not know by name.

        Raises:
            WeightsError: it names what MMRotate and MMDetection have not registered.
        """
        if "custom_imports" in settings:
            raise WeightsError(f"{self.path} imports by custom_imports", _TRUST)
        for value in _types(settings):
            scope, dot, _ = str(value).rpartition(".")
            if not isinstance(value, str) or (dot and scope not in _SCOPES):
                raise WeightsError(f"{self.path} would import {value}", _TRUST)


def _trees(path: Path, folder: Path, trusted: bool) -> Iterator[tuple[Path, ast.Module]]:
    """Yield a file and what it is built on, each with its syntax tree."""
    try:
        with tokenize.open(path) as file:
            text, encoding = file.read(), file.encoding
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise WeightsError(f"{path} is not Python: {error}", _FLATTEN) from None
    # The library replaces what stands in {{ }} by other text, before it runs the file.
    if not trusted and ("{{" in text or not encoding.startswith("utf-8")):
        raise WeightsError(f"{path} is not what will be run (templates, or not UTF-8)", _TRUST)
    yield path, tree
    for base in _bases(tree):
        needed = (path.parent / base).resolve()
        if not needed.is_relative_to(folder) or not needed.is_file():
            raise WeightsError(f"{path} is built on {base}, which is not in its folder", _FLATTEN)
        yield from _trees(needed, folder, trusted)


def _bases(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and "_base_" in _targets(node):
            for each in ast.walk(node.value):
                if isinstance(each, ast.Constant):
                    yield str(each.value)


def _assigned(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from _targets(node)


def _targets(node: ast.Assign) -> Iterator[str]:
    return (target.id for target in node.targets if isinstance(target, ast.Name))


def _more_than_settings(tree: ast.Module) -> Iterator[str]:
    """Yield what does more than to write settings down, as `line N: what`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            settles = isinstance(node.func, ast.Name) and node.func.id in _CALLS
        else:
            settles = isinstance(node, (*_STATEMENTS, *_EXPRESSIONS))
        if not settles and isinstance(node, ast.stmt | ast.expr):
            yield f"line {node.lineno}: {ast.unparse(node).splitlines()[0]}"


def _types(value: Any) -> Iterator[Any]:
    """Yield every value of a key `type`, however deep."""
    if isinstance(value, Mapping):
        if "type" in value:
            yield value["type"]
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _types(each)
