"""A load generator of its own process: `python -m tests.bench.load URL SECONDS [KEY]`.

Prints the requests per second that a few keep-alive connections got answered.
"""

import sys
import threading
import time

import urllib3

CONNECTIONS = 4


def run(url: str, seconds: float, key: str | None) -> float:
    pool = urllib3.PoolManager(maxsize=CONNECTIONS)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    counts = [0] * CONNECTIONS
    until = time.perf_counter() + seconds

    def ask(number: int) -> None:
        while time.perf_counter() < until:
            response = pool.request("GET", url, headers=headers, timeout=10, retries=False)
            if response.status != 200:
                raise RuntimeError(f"{url} answered {response.status}")
            counts[number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


if __name__ == "__main__":
    print(run(sys.argv[1], float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None))
