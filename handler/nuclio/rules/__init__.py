"""What Nuclio refuses in a function.yaml, ignores, or does otherwise than people expect.

Read in Nuclio 1.14 (`pkg/functionconfig`, `pkg/platform/abstract/platform.go`) and run with it.
"""

from handler.nuclio.rules import build, layout, resources, runtime, triggers, volumes
from handler.rules.function_file import FunctionFile
from handler.rules.rule import Rules

RULES: Rules[FunctionFile] = Rules("Nuclio")
for _module in (layout, build, runtime, triggers, volumes, resources):
    RULES.extend(_module.RULES)
