"""What a running Nuclio says about its functions, and whether CVAT can use them.

The states of a function: Nuclio 1.14 `pkg/functionconfig/types.go`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from handler.cvat.reply import problems_in
from handler.cvat.rules import RULES as CVAT_RULES
from handler.cvat.rules.listing import PROJECT
from handler.errors import AnnotateError
from handler.nuclio.dashboard import Dashboard
from handler.nuclio.web import Answer, UnreachableError
from handler.pictures.trial import HEIGHT, WIDTH, trial_request
from handler.rules.function_file import FunctionFile, table
from handler.rules.rule import Rules

OLDEST, NEWEST = (1, 13), (1, 17)


@dataclass(frozen=True)
class Running:
    """A dashboard's answers. `functions` are those of the project cvat, `answers` their replies.

    wanted: the function.yaml that should be there, if one is given.
    failure: why the dashboard does not answer; the rest is empty then.
    """

    version: str
    projects: frozenset[str]
    functions: dict[str, dict[str, Any]]
    answers: dict[str, Answer | UnreachableError]
    wanted: FunctionFile | None = None
    failure: AnnotateError | None = None

    @classmethod
    def ask(cls, url: str, wanted: FunctionFile | None = None) -> "Running":
        """Ask a dashboard for its functions, and the one wanted, or each detector, for shapes."""
        dashboard = Dashboard(url)
        try:
            version, projects = dashboard.version(), frozenset(dashboard.projects())
            functions = dashboard.functions()
        except UnreachableError as error:
            return cls("", frozenset(), {}, {}, wanted, error)
        answers: dict[str, Answer | UnreachableError] = {}
        for name, function in functions.items():
            asked = wanted.name == name if wanted else _is_detector(function)
            if _state(function) == "ready" and asked:
                try:
                    answers[name] = dashboard.invoke(name, trial_request())
                except UnreachableError as error:
                    answers[name] = error
        return cls(version, projects, functions, answers, wanted)

    @property
    def examined(self) -> dict[str, dict[str, Any]]:
        """The function that is wanted, if it is there; all, if none is named."""
        return {
            name: function
            for name, function in self.functions.items()
            if self.wanted is None or self.wanted.name == name
        }


def _is_detector(function: dict[str, Any]) -> bool:
    annotations = table(table(function.get("metadata")).get("annotations"))
    return bool(annotations.get("type") == "detector")


def _state(function: dict[str, Any]) -> str:
    return str(table(function.get("status")).get("state", "unknown"))


RULES: Rules[Running] = Rules("running Nuclio")
rule = RULES


@rule(
    "dashboard",
    "error",
    "Nuclio's dashboard answers at `--nuclio`",
    "Name the dashboard's address, such as http://127.0.0.1:8070.",
)
def _dashboard(running: Running) -> Iterator[AnnotateError]:
    if running.failure is not None:
        yield running.failure


@rule(
    "nuclio-version",
    "warning",
    f"Nuclio is of version {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}",
    "Use the version that your CVAT brings with it.",
)
def _version(running: Running) -> Iterator[str]:
    match = re.match(r"(\d+)\.(\d+)", running.version)
    if running.failure is not None:
        return
    if match is None:
        yield f"Nuclio calls its version {running.version!r}, which is not known here"
    elif not OLDEST <= (int(match[1]), int(match[2])) <= NEWEST:
        yield f"Nuclio is of version {running.version}, which nobody has tried here"


@rule(
    "project",
    "error",
    f"Nuclio has the project `{PROJECT}`",
    f"Create it: nuctl create project {PROJECT} --platform local (or kube), or in the dashboard.",
)
def _project(running: Running) -> Iterator[str]:
    if running.failure is None and PROJECT not in running.projects:
        yield f"There is no project {PROJECT!r}, the only one where CVAT looks"


@rule(
    "listed-functions",
    "error",
    "CVAT can read every function of the project",
    "Correct that function's file and deploy it again, or delete it: nuctl delete function NAME.",
)
def _listed_functions(running: Running) -> Iterator[str]:
    for name, function in running.functions.items():
        listed = FunctionFile({"metadata": function.get("metadata"), "spec": function.get("spec")})
        for finding in CVAT_RULES.findings(listed):
            if finding.severity == "error":
                yield f"{name}: {finding.finding}"


@rule(
    "function-listed",
    "error",
    f"the function is in the project `{PROJECT}`",
    f"Deploy it: nuctl deploy --project-name {PROJECT} --file function.yaml.",
)
def _function_listed(running: Running) -> Iterator[str]:
    if running.failure is None and running.wanted and not running.examined:
        others = ", ".join(sorted(running.functions)) or "none"
        yield f"The function {running.wanted.name!r} is not there (there are: {others})"


@rule(
    "function-ready",
    "error",
    "the function is ready",
    "Read its log (docker logs nuclio-nuclio-NAME); the last line says what is wrong.",
)
def _function_ready(running: Running) -> Iterator[AnnotateError]:
    for name, function in running.examined.items():
        if _state(function) != "ready":
            message = _cause(str(table(function.get("status")).get("message") or ""))
            what = f"{name} is in the state {_state(function)!r}{': ' if message else ''}{message}"
            yield AnnotateError(what, _LACKS_IMAGE if _NO_IMAGE.search(message) else "")


# What Docker, containerd and registries say of an image that is not there.
_NO_IMAGE = re.compile(
    r"no such image|pull access denied|manifest unknown|not found: manifest|failed to pull"
    r"|imagepullbackoff|errimagepull|unable to find image",
    re.IGNORECASE,
)
_LACKS_IMAGE = (
    "There is no container, because the image is not there: docker pull it, or docker load it, on "
    "the machine where Nuclio runs, and deploy again."
)


def _cause(message: str) -> str:
    """Return the end of what Nuclio says, which is the cause; its call stack comes before."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[-1][-300:] if lines else ""


@rule(
    "function-port",
    "error",
    "on Docker, Nuclio knows the function's port",
    "Deploy the function again, with a fixed port: auto-annotate function --port N.",
)
def _function_port(running: Running) -> Iterator[str]:
    if running.wanted is None or running.wanted.platform != "docker":
        return
    for name, function in running.examined.items():
        if _state(function) == "ready" and not table(function.get("status")).get("httpPort"):
            yield f"Nuclio knows no port of {name}, and CVAT calls it by its port"


@rule(
    "function-image",
    "warning",
    "the function runs the image that the file names",
    "Deploy the file again.",
)
def _function_image(running: Running) -> Iterator[str]:
    wanted = running.wanted.spec.get("image") if running.wanted else None
    for name, function in running.examined.items():
        image = table(function.get("spec")).get("image")
        if wanted and image and not str(image).endswith(str(wanted)):
            yield f"{name} runs {image}, the file says {wanted}"


@rule(
    "function-reply",
    "error",
    "the function's reply to a picture is one that CVAT takes",
    "Read its log: the request is there, with the reason.",
)
def _function_reply(running: Running) -> Iterator[str | AnnotateError]:
    for name, answer in running.answers.items():
        if isinstance(answer, UnreachableError):
            yield answer
            continue
        listed = FunctionFile({"metadata": running.functions[name].get("metadata")})
        for problem in reply_problems(answer, listed.label_names):
            yield f"{name}: {problem}"


@rule(
    "nuclio-summary",
    "info",
    "what Nuclio runs is listed",
    "Compare it with what was deployed.",
)
def _summary(running: Running) -> Iterator[str]:
    if running.failure is not None:
        return
    for name, answer in running.answers.items():
        if isinstance(answer, Answer):
            image = table(running.functions[name].get("spec")).get("image")
            yield (
                f"Nuclio {running.version} runs {name} ({image}), which answered with status "
                f"{answer.status} after {answer.seconds:.2f} s"
            )


def reply_problems(answer: Answer, labels: list[str] | None) -> Iterator[str]:
    """Yield what CVAT would not take from an answer to the trial picture."""
    if answer.status != 200:
        text = answer.body[:200].decode(errors="replace")
        yield f"it answers with status {answer.status}: {text}"
        return
    try:
        reply = answer.json()
    except ValueError:
        yield f"it answers with something that is not JSON: {answer.body[:80]!r}"
        return
    yield from problems_in(reply, labels, WIDTH, HEIGHT)
