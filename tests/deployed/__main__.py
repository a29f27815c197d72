"""The deployed project, tried as a client would; see namespace.py for how to call it."""

import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path

from tests.deployed import cloud, images, namespace, scenario
from tests.deployed.deployment import Deployment


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.deployed", description=__doc__)
    parser.add_argument("plan", type=Path, help="the plan, as JSON")
    parser.add_argument("--venv", action="append", metavar="IMAGE=FOLDER", default=[])
    parser.add_argument(
        "--only", action="append", default=[], help="a part of the whole; repeatable"
    )
    parser.add_argument("--keep", type=Path, help="where the functions' logs are kept")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    planned = json.loads(chosen.plan.read_text())
    deployment = Deployment(planned["resources"], planned["outputs"])
    namespace.bring_up()
    with tempfile.TemporaryDirectory(prefix="deployed-") as name:
        folder = Path(name)
        venvs = dict(one.split("=", 1) for one in chosen.venv)
        built = {
            image: images.build(image, folder / "images" / image, Path(venv))
            for image, venv in venvs.items()
        }
        logs = chosen.keep or folder
        logs.mkdir(exist_ok=True, parents=True)
        with cloud.running(deployment, built, logs) as project:
            return scenario.play(project, chosen.only)


if __name__ == "__main__":
    sys.exit(main())
