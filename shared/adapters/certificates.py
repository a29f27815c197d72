"""Google's certificates for those who sign on its behalf, fetched from where it publishes them."""

import json
import re
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from typing import Final

import urllib3
from google.auth.crypt import RSAVerifier

SECONDS: Final = 5.0
MAX_BYTES: Final = 100_000
CHUNK: Final = 16_384
MAX_CERTIFICATES: Final = 20
MAX_AGE: Final = re.compile(r"(?<![\w-])max-age=(\d{1,9})(?!\d)")


def fetch(url: str) -> tuple[Mapping[str, RSAVerifier], timedelta]:
    """What checks signatures, by the ids of the keys, and for how long that is good.

    Any exception says that it is not to be had; time and size are bounded.
    """
    deadline, body = time.monotonic() + SECONDS, bytearray()
    # Nothing is unpacked: the size that is counted is the size there is.
    plain = {"Accept-Encoding": "identity"}
    with (
        urllib3.PoolManager(retries=False, timeout=SECONDS) as http,
        closing(http.request("GET", url, headers=plain, preload_content=False)) as response,
    ):
        if response.status != 200:
            raise ValueError(f"answered with status {response.status}")
        # read1 gives what has come, so that a trickle meets the deadline too.
        while chunk := response.read1(CHUNK, decode_content=False):
            body += chunk
            if len(body) > MAX_BYTES:
                raise ValueError(f"has more than {MAX_BYTES:,} bytes")
            if time.monotonic() > deadline:
                raise ValueError("could not be fetched in time")
    found = MAX_AGE.search(response.headers.get("Cache-Control", ""))
    return _verifiers(bytes(body)), timedelta(seconds=int(found[1]) if found else 0)


def _verifiers(body: bytes) -> Mapping[str, RSAVerifier]:
    pems = json.loads(body)
    if not isinstance(pems, dict) or not 0 < len(pems) <= MAX_CERTIFICATES:
        raise ValueError(f"must be an object of 1 to {MAX_CERTIFICATES} certificates")
    return {
        key_id: RSAVerifier.from_string(pem)  # type: ignore[no-untyped-call]
        for key_id, pem in pems.items()
    }
