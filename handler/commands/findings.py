"""What `auto-annotate check` prints."""

import json
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import click

from handler.checks.check import ALL_RULES, FILE_RULES, Subjects, check
from handler.rules.function_file import FunctionFile, read_text
from handler.rules.mending import difference, mended
from handler.rules.rule import Finding

_HERE = Path("function.yaml")
_COLORS = {"error": "red", "warning": "yellow", "info": "cyan"}


def run(
    *,
    file: Path | None,
    weights: Path | None,
    platform: str | None,
    nuclio: str | None,
    url: str | None,
    as_json: bool,
    list_rules: bool,
    fix: bool,
    yes: bool,
) -> int:
    """Check what the options name, print it, and return the exit status.

    Raises:
        SettingsError: --fix with a file that is not YAML.
        UsageError: no file is named or here, and nothing else to check.
    """
    if list_rules:
        _print_rules(as_json)
        return 0
    if file is None and (fix or not (weights or nuclio or url)):
        file = _here()
    if fix and file is not None:
        _fix(file, platform, yes)
    findings = check(Subjects(file, platform, weights, nuclio, url))
    if as_json:
        click.echo(json.dumps([asdict(found) for found in findings], indent=2, ensure_ascii=False))
    else:
        _print_findings(findings)
    return int(any(found.severity == "error" for found in findings))


def _here() -> Path:
    """Return the function.yaml of this folder, which is meant where nothing is named."""
    if not _HERE.exists():
        raise click.UsageError(
            f"There is no {_HERE} in this folder: name a file, or what else to check with "
            "--weights, --nuclio or --url."
        )
    click.echo(f"Checking the {_HERE} of this folder.", err=True)
    return _HERE


def _fix(file: Path, platform: str | None, yes: bool) -> None:
    text = read_text(file)
    platform = FunctionFile.parse(text, str(file), platform).platform
    changed = mended(text, str(file), platform, FILE_RULES)
    if changed == text:
        click.echo(f"{file}: there is nothing that --fix can mend.\n", err=True)
        return
    click.echo(difference(text, changed, str(file)), err=True)
    asks = sys.stdin.isatty() and not yes
    if asks and not click.confirm(f"Write {file}?", err=True):
        return
    file.write_text(changed, "utf-8")
    click.echo(f"{file} is mended as shown.\n", err=True)


def _print_rules(as_json: bool) -> None:
    if as_json:
        keys = ("subject", "name", "severity", "statement", "remedy")
        listed = [{key: getattr(rule, key) for key in keys} for rule in ALL_RULES]
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    for subject, rules in groupby(ALL_RULES, key=lambda rule: rule.subject):
        click.secho(subject, bold=True)
        for rule in rules:
            click.echo(f"  {rule.severity:8} {rule.name:22} {rule.statement}")


def _print_findings(findings: Sequence[Finding]) -> None:
    for subject, group in groupby(findings, key=lambda found: found.subject):
        click.secho(subject, bold=True)
        for found in group:
            severity = click.style(f"{found.severity:8}", fg=_COLORS[found.severity], bold=True)
            click.echo(f"  {severity} {_wrapped(f'{found.finding} [{found.rule}]')}")
            if found.severity != "info":
                click.echo(f"           {_wrapped(f'-> {found.remedy}')}")
    counts = Counter[str](found.severity for found in findings)
    said = [f"{counts[each]} {each}{'s' * (counts[each] != 1)}" for each in ("error", "warning")]
    color = "red" if counts["error"] else "yellow" if counts["warning"] else "green"
    click.secho(", ".join(said), fg=color)


def _wrapped(text: str) -> str:
    if not sys.stdout.isatty():
        return text
    width = max(60, shutil.get_terminal_size().columns) - 11
    return "\n".ljust(12).join(textwrap.wrap(text, width, break_on_hyphens=False))
