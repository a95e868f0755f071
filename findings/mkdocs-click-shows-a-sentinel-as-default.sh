#!/bin/bash
# mkdocs-click 0.9.0 (its newest) with click 8.5.1: in the table of options every option without a
# default is given the default `Sentinel.UNSET`. Since click 8.3 a parameter's `default` is an enum
# member where it was None, and the table prints whatever is not None. With click 8.2.1 there is "None".
#
# Output seen:
#   click 8.2.1: | `--out` | text | Where to. | None |
#   click 8.5.1: | `--out` | text | Where to. | `Sentinel.UNSET` |
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > show.py <<'END'
from importlib.metadata import version

import click
from mkdocs_click._docs import make_command_docs


@click.command()
@click.option("--out", help="Where to.")
def main(out):
    """Do something."""


lines = "\n".join(make_command_docs("main", main, style="table")).splitlines()
print(f"click {version('click')}:", next(line for line in lines if "--out" in line))
END
python3 -m venv venv
for click in 8.2.1 8.5.1; do
    venv/bin/pip install --quiet --disable-pip-version-check mkdocs==1.6.1 mkdocs-click==0.9.0 "click==$click"
    venv/bin/python show.py
done | tee seen
grep -q 'click 8.5.1.*Sentinel.UNSET' seen
if grep -q 'click 8.2.1.*Sentinel' seen; then exit 1; fi
