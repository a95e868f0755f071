"""What CVAT refuses or hides when it lists its functions.

Read in CVAT 2.73, `cvat/apps/lambda_manager/views.py`. CVAT asks Nuclio for all functions at once:
one that it cannot read hides every model of the server (cvat#8646, cvat#6346).
"""

from handler.cvat.rules import labels, listing
from handler.rules.function_file import FunctionFile
from handler.rules.rule import Rules

RULES: Rules[FunctionFile] = Rules("CVAT")
for _module in (listing, labels):
    RULES.extend(_module.RULES)
