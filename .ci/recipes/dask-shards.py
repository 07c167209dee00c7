"""A sweep in shards on a Dask cluster. The folder of the shards must be one that all workers share.

    python .ci/recipes/dask-shards.py --scheduler tcp://head:8786 16 scenarios/raft --seeds 0..100000

Without `--scheduler` the cluster is this machine. A task runs again if its worker dies, and leaves the same bytes.
What a shard has found is no failure of its task: the merge tells what it means, and this ends as the merge does.
"""

import argparse
import os
import subprocess
import sys

from distributed import Client, LocalCluster

SHAKETABLE = os.environ.get("SHAKETABLE", "shaketable")
SHARDS = os.environ.get("SHARDS", "shaketable-out/shards")

# Usage, nothing tested, an error of the tool: no other attempt would come out otherwise.
HOPELESS = (2, 4, 70)


def shard(number, count, arguments):
    """Runs one shard, and says how it ended. Raises, so that Dask tries again, if that may help."""
    command = [SHAKETABLE, "run", *arguments, "--shard", f"{number}/{count}", "--out", SHARDS, "--jobs", "1", "--quiet"]
    code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    if code != 0 and code not in HOPELESS:
        raise RuntimeError(f"shard {number}/{count} ended with {code}")
    return code


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scheduler", help="the address of a running scheduler")
    parser.add_argument("count", type=int, help="how many shards")
    options, arguments = parser.parse_known_args()
    cluster = options.scheduler or LocalCluster(threads_per_worker=1, host="127.0.0.1", dashboard_address=None)
    with Client(cluster) as client:
        numbers = range(1, options.count + 1)
        tasks = client.map(shard, numbers, count=options.count, arguments=arguments, retries=2, pure=False)
        # One that has failed for good has left no file; the merge names it.
        client.gather(tasks, errors="skip")
    sys.exit(subprocess.run([SHAKETABLE, "merge", SHARDS], check=False).returncode)


if __name__ == "__main__":
    main()
