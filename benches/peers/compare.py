"""Times whole processes (start to exit, output to a file) and prints one table. Arguments: see peers.sh."""

import os
import platform
import shutil
import statistics
import subprocess
import sys
import time

from make_list import SHAPES, make_list

HERE = os.path.dirname(os.path.abspath(__file__))
# Peers that take minutes for a million prefixes get fewer, and so do we beside them.
SLOW_PREFIXES = 100_000
# Whoever can only compare two prefixes has to compare all with all.
ALL_PAIRS_PREFIXES = 2_000


def main():
    ours, cache, prefixes, repetitions = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    print(f"{cpu()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}; "
          f"best and median of {repetitions} (slow peers 3), whole process, output to a file\n")
    row("question", "list", "prefixes", "program", "best", "median", "times ours", "output")
    row(*["---"] * 8)
    for shape in SHAPES:
        whole = make_list(cache, shape, prefixes)
        smaller = make_list(cache, shape, min(prefixes, SLOW_PREFIXES))
        for path, peers, runs in [(whole, fast_peers(), repetitions), (smaller, slow_peers(cache), 3)]:
            compare("merge", shape, path, [ours, "cidr", "merge", path], peers, runs, repetitions)
    for shape in SHAPES:
        path = make_list(cache, shape, ALL_PAIRS_PREFIXES)
        own = [ours, "cidr", "overlaps", "--count", path]
        compare("overlapping pairs", shape, path, own, all_pairs_peers(cache), 3, repetitions)
        path = make_list(cache, shape, SLOW_PREFIXES)
        compare("overlapping pairs", shape, path, own[:-1] + [path], [], 3, repetitions)


def fast_peers():
    if shutil.which("iprange"):
        yield "iprange " + version(["iprange", "--version"]), ["iprange"], False


def slow_peers(cache):
    if os.path.isdir(os.path.join(cache, "python", "netaddr")):
        yield "netaddr 1.3.0", [sys.executable, os.path.join(HERE, "merge_netaddr.py"), cache], True
    python = platform.python_version()
    yield f"ipaddress (Python {python})", [sys.executable, os.path.join(HERE, "merge_ipaddress.py")], True
    if has_cidr_tools(cache):
        name = "cidr-tools 12.0.3 (Node " + version(["node", "--version"]) + ")"
        yield name, ["node", os.path.join(HERE, "merge_cidr_tools.mjs"), os.path.abspath(cache)], True


def all_pairs_peers(cache):
    if has_cidr_tools(cache):
        name = "cidr-tools 12.0.3, each with each"
        yield name, ["node", os.path.join(HERE, "overlaps_cidr_tools.mjs"), os.path.abspath(cache)], True


def has_cidr_tools(cache):
    return shutil.which("node") and os.path.isdir(os.path.join(cache, "node_modules", "cidr-tools"))


def compare(question, shape, path, own, peers, runs, own_runs):
    """One row for us and one for each peer; an output that differs from ours ends everything."""
    prefixes = sum(1 for _ in open(path))
    expected, own_best, own_median = timed(own, own_runs)
    row(question, shape, prefixes, "aksplan", ms(own_best), ms(own_median), "1", f"{len(expected.splitlines())} line(s)")
    for name, command, normalise in peers:
        output, best, median = timed(command + [path], runs)
        if (normalised(output) if normalise else output) != (normalised(expected) if normalise else expected):
            sys.exit(f"{name} answers {question!r} for {path} differently")
        same = "same" if normalise else "same bytes"
        row(question, shape, prefixes, name, ms(best), ms(median), f"{best / own_best:.1f}", same)


def timed(command, runs):
    times = []
    for run in range(runs + 1):  # the first one warms the caches and does not count
        with open(os.path.join(sys.argv[2], "output"), "w+b") as out:
            start = time.perf_counter()
            subprocess.run(command, stdout=out, check=True)
            took = time.perf_counter() - start
            out.seek(0)
            output = out.read()
        if run > 0:
            times.append(took)
    return output, min(times), statistics.median(times)


def normalised(output):
    """Single addresses may be written with /32; the order is the addresses' own in all of them, but not compared."""
    return sorted(line.removesuffix(b"/32") for line in output.split())


def version(command):
    said = subprocess.run(command, capture_output=True, text=True)
    return (said.stdout + said.stderr).split("\n")[0].split()[-1]


def cpu():
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown processor"


def ms(seconds):
    return f"{seconds * 1e3:.1f} ms"


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


main()
