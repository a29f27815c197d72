"""The first key of an installation: `python -m infra.key --name "My workspace"`.

Makes a workspace and prints a key with the scope `admin`, which makes the others by the API. It is
for who runs the installation: keys that exist ask the API, and this asks the database.
"""

import argparse
import sys

from functions import composition
from infra import startup
from infra.startup import StartError
from shared.model.workspace import Scope
from shared.services import keys


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="infra.key", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--name", required=True, help="what the workspace is called")
    chosen = parser.parse_args(arguments)
    try:
        with startup.explained():
            ports = composition.ports()
            workspace = keys.create_workspace(ports, chosen.name)
            print(keys.issue(ports, workspace.id, "first", tuple(Scope)))
    except StartError as error:
        return startup.refuse(error)
    print(f"The workspace is {workspace.id}. The key is not shown again.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
