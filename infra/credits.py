"""Credits of a workspace, for who runs the installation: what there is, and more of it.

python -m infra.credits --workspace …
python -m infra.credits --workspace … --grant 500 --bucket subscription --until 2027-01-01

Works on MASCOTRY_HOME, also while the stack is running. A grant with a `--reference`, such as the
number of an invoice, is made once, however often it is asked for. Without a grant, all entries are
added up and compared with the balance.
"""

import argparse
import sys
from datetime import UTC, date, datetime, time

from functions import composition
from shared.errors import MascotryError
from shared.model.credit import METERED, Bucket
from shared.ports import Ports
from shared.services import audits, ledger


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="infra.credits", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--workspace", required=True, help="its id, as GET /v1/workspace tells it")
    parser.add_argument("--grant", type=int, metavar="CREDITS")
    parser.add_argument("--bucket", choices=[*METERED], default=Bucket.TOPUP)
    parser.add_argument(
        "--until", type=date.fromisoformat, help="the day on which a subscription's rest expires"
    )
    parser.add_argument("--reference", help="makes the grant one that can't be repeated")
    chosen = parser.parse_args(arguments)
    try:
        return run(composition.ports(), chosen)
    except MascotryError as error:
        field = error.details.get("field")
        print(f"{field}: {error.message}" if field else error.message, file=sys.stderr)
        return 1


def run(ports: Ports, chosen: argparse.Namespace) -> int:
    """Do what is asked for, and say what there is now."""
    if chosen.grant is not None:
        ledger.grant(
            ports,
            chosen.workspace,
            chosen.grant,
            Bucket(chosen.bucket),
            ends_at=datetime.combine(chosen.until, time(), UTC) if chosen.until else None,
            reference=chosen.reference,
        )
    found = ledger.balance(ports, chosen.workspace)
    for bucket in METERED:
        until = f", until {found.ends_at:%Y-%m-%d}" if found.ends_at else ""
        print(
            f"{bucket}: {found.available.get(bucket, 0)} available, "
            f"{found.held.get(bucket, 0)} held{until if bucket is Bucket.SUBSCRIPTION else ''}"
        )
    if chosen.grant is not None:
        return 0
    differences = audits.audit(ports, chosen.workspace)
    if differences is None:
        print("It is being written to all the time, so it could not be audited; try again.")
        return 1
    for name, numbers in differences.items():
        print(f"{name} is {numbers['stored']}, but the entries say {numbers['entries']}.")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
