"""From a function.yaml to a function that answers, with nuctl."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from handler.checks import endpoint
from handler.checks.check import Subjects, check
from handler.cvat.rules.listing import PROJECT
from handler.cvat.spec import raw_labels
from handler.errors import AnnotateError
from handler.nuclio import running
from handler.nuclio.nuctl import Nuctl
from handler.nuclio.rules.build import builds
from handler.rules.function_file import FunctionFile, read_text, table
from handler.rules.rule import Finding

Say = Callable[[str], object]
Agrees = Callable[[str], bool]
# On the host that deploys, these would stop the function after the old one is gone.
_FATAL_HERE = ("host-folder", "gpu", "image-there")


class DeployError(AnnotateError):
    """A function that was not deployed, or does not answer."""

    code = "not_deployed"


def deploy(file: Path, platform: str, nuclio: str | None, say: Say, agrees: Agrees) -> None:
    """Check a file, deploy it, try the function, and say what to do in CVAT.

    agrees: asked before a function that serves another model is replaced.

    Raises:
        AnnotateError: it cannot be deployed or does not answer; the version that ran before runs
            again, if there was one.
    """
    _stop_at(check(Subjects(file, platform)), platform)
    function = FunctionFile.parse(read_text(file), str(file), platform)
    by_hand = f"create project {PROJECT}", f"deploy --project-name {PROJECT} --file {file}"
    nuctl = Nuctl.find(platform, *by_hand)
    if nuctl.create_project(PROJECT):
        say(f"Created the project {PROJECT}.")
    before = nuctl.function(function.name)
    if _state(before) == "building":
        raise DeployError(
            f"{function.name} is being deployed, or its deployment was interrupted",
            f"Wait, or remove it: auto-annotate remove {platform} {file}.",
        )
    other = _other_model(before, function)
    if other and not agrees(f"{function.name} serves {other} now. Replace it?"):
        raise DeployError(
            f"{function.name} serves {other} now, and was left alone",
            "Give this one a name of its own: auto-annotate function --name NAME; or say --yes.",
        )
    previous = _keep(before, file, say) if before and _state(before) == "ready" else None
    say(f"Deploying {function.name}: the model loads, which can take a minute ...")
    try:
        nuctl.deploy(file, PROJECT, function.name, builds(function))
        _try(nuctl, function, say)
    except AnnotateError as error:
        raise _put_back(nuctl, function.name, previous, error, say) from error
    if nuclio is not None:
        _report(running.RULES.findings(running.Running.ask(nuclio, function)), say)
    say(_next_steps(function))


def remove(file: Path, platform: str, say: Say) -> None:
    """Remove the function of a file; it is no error if it is not there."""
    function = FunctionFile.parse(read_text(file), str(file), platform)
    nuctl = Nuctl.find(platform, f"delete function {function.name} --force")
    if nuctl.function(function.name) is None:
        say(f"{function.name} is not deployed.")
        return
    nuctl.delete(function.name)
    say(f"Removed {function.name}. The image, the weights and CVAT's annotations stay.")


def _state(function: dict[str, Any] | None) -> str:
    return str(table(table(function).get("status")).get("state", "unknown"))


def _other_model(before: dict[str, Any] | None, function: FunctionFile) -> str | None:
    """Return what a deployed function serves, if that is another model: its title and its labels.

    A model is another if it has other labels, or another title: its weights may have moved.
    """
    if before is None:
        return None
    there = FunctionFile({"metadata": before.get("metadata"), "spec": before.get("spec")})
    titles = [each.annotations.get("name") for each in (there, function)]
    if titles[0] == titles[1] and set(there.label_names) == set(function.label_names):
        return None
    shown = ", ".join(there.label_names[:4]) + (", ..." if len(there.label_names) > 4 else "")
    return f"{titles[0] or 'a model without a title'} ({shown or 'no labels'})"


def _stop_at(findings: Iterable[Finding], platform: str) -> None:
    for found in findings:
        fatal = platform == "docker" and found.rule in _FATAL_HERE
        if found.severity == "error" or fatal:
            raise DeployError(f"{found.finding} [{found.rule}]", found.remedy)


def _keep(before: dict[str, Any], file: Path, say: Say) -> Path:
    """Write what is deployed now beside `file`, so that it can be deployed again."""
    spec = dict(table(before.get("spec")))
    if spec.get("image"):
        spec.pop("build", None)  # its image is there, and with a build section it would be built
    previous = file.with_name(f"{file.stem}.previous.yaml")
    document = {"metadata": before.get("metadata"), "spec": spec}
    try:
        previous.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), "utf-8")
    except OSError as error:
        raise DeployError(
            f"The version that is there cannot be kept in {previous} ({error.strerror})",
            "Copy the file into a folder that can be written to, and deploy it from there.",
        ) from None
    say(f"Replacing the version that is there ({spec.get('image')}), kept in {previous}.")
    return previous


def _put_back(
    nuctl: Nuctl, name: str, previous: Path | None, error: AnnotateError, say: Say
) -> DeployError:
    say(f"That failed: {error}")
    try:
        if previous is None:
            nuctl.delete(name)
            remedy = "The function is removed again."
        else:
            say("Putting the version from before back ...")
            nuctl.deploy(previous, PROJECT, name)
            remedy = "The version from before runs again."
    except AnnotateError as second:
        undo = f"nuctl deploy --project-name {PROJECT} --file {previous}"
        undo = undo if previous else f"nuctl delete function --force {name}"
        remedy = f"Nor could it be undone ({second.message}). Try: {undo}"
    return DeployError(error.message.rstrip("."), f"{error.remedy} {remedy}".strip())


def _try(nuctl: Nuctl, function: FunctionFile, say: Say) -> None:
    deployed = nuctl.function(function.name)
    if _state(deployed) != "ready":
        raise DeployError(f"{function.name} is in the state {_state(deployed)!r}", "Read its log.")
    if nuctl.platform == "kubernetes":
        say(f"{function.name} is ready. --nuclio URL also sends it a picture.")
        return
    url = f"http://127.0.0.1:{table(table(deployed).get('status')).get('httpPort')}"
    say(f"{function.name} is ready at {url}.")
    _report(endpoint.RULES.findings(endpoint.Endpoint.ask(url, function)), say)


def _report(findings: Iterable[Finding], say: Say) -> None:
    listed = list(findings)
    _stop_at(listed, "")
    for found in listed:
        say(found.finding)


def _next_steps(function: FunctionFile) -> str:
    title = function.annotations.get("name") or function.name
    lines = [
        "",
        "In CVAT:",
        f"  1. Models: {title} is in the list (reload the page).",
        "  2. A new task: Create a new task, Constructor, Raw. Paste these labels, then Done:",
        raw_labels(function.label_spec),
        "  3. In the task: Actions, Automatic annotation: choose the model, map labels, Annotate.",
    ]
    return "\n".join(lines)
