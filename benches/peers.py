"""The same job in every tool, on one tree of logs: peers.py DIR --floor LOGS_BENCH [--trailcheck TRAILCHECK]

The job: of all S3 data events, by (acting principal, bucket, event name, read or write, region, error code), how many
there are (an event delivered twice is one), the first and the last instant, and one event's id.
"""

import argparse
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TARGET = HERE.parent / "target"


def python_of_the_peers():
    """Installs the peers where they are not yet, or not in these versions."""
    requirements = HERE / "requirements.txt"
    folder = TARGET / "bench-python"
    stamp = folder / "installed.txt"
    python = folder / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != requirements.read_text():
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"cannot install {requirements} into {folder}: {error}")
        stamp.write_text(requirements.read_text())
    return str(python)


def built_floor():
    """The newest `logs` bench that cargo has built."""
    built = [path for path in (TARGET / "release" / "deps").glob("logs-*") if os.access(path, os.X_OK) and not path.suffix]
    if not built:
        sys.exit("no logs bench in target/release/deps: run `cargo bench --bench logs` once, or name it with --floor")
    return str(max(built, key=lambda path: path.stat().st_mtime))


def commands(options):
    """(name, command, whether it answers the job)"""
    tree = str(options.tree)
    files = f"find {shlex.quote(tree)} -name '*.json.gz' -print0 | xargs -0"
    jq = f"{files} gzip -dc | jq -r -f {shlex.quote(str(HERE / 'peers' / 'job.jq'))}"
    awk = f"awk -f {shlex.quote(str(HERE / 'peers' / 'job.awk'))}"
    python = python_of_the_peers()
    rows = [("floor: inflate only (libdeflate)", [options.floor or built_floor(), "inflate", tree], False)]
    if options.trailcheck:
        accesses = [options.trailcheck, "accesses", tree, "--format", "json"]
        rows.append(("trailcheck", accesses, True))
        rows.append(("trailcheck, 1 thread", [*accesses, "--threads", "1"], True))
    rows += [
        ("ClickHouse (chdb)", [python, str(HERE / "peers" / "query_clickhouse.py"), tree], True),
        ("DuckDB", [python, str(HERE / "peers" / "query_duckdb.py"), tree], True),
        ("polars", [python, str(HERE / "peers" / "query_polars.py"), tree], True),
        ("gzip, jq and awk", ["sh", "-c", f"{jq} | {awk}"], True),
        ("gzip -dc only", ["sh", "-c", f"{files} gzip -dc > /dev/null"], False),
    ]
    return rows


def measure(command, output):
    """CPU seconds, wall seconds and peak resident MB of one run, with whatever it starts itself."""
    with open(output, "wb") as stdout:
        start = time.perf_counter()
        try:
            child = subprocess.Popen(command, stdout=stdout)
        except OSError as error:
            sys.exit(f"{command[0]}: {error}")
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    # trailcheck says by 3 that there was something it could not tell; of the tools only it returns that.
    if child.returncode not in (0, 3):
        sys.exit(f"{shlex.join(command)}: exit code {child.returncode}")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def answer(output):
    """{(principal, bucket, event, access, region, error): (count, first, last)} of what a tool printed."""
    text = pathlib.Path(output).read_text()
    if text.startswith("["):
        names = ("principal", "bucket", "event_name", "access", "region", "error_code", "count", "first_seen", "last_seen")
        rows = [[access.get(name) or "" for name in names] for access in json.loads(text)]
    else:
        rows = [line.split("\t")[:9] for line in text.splitlines()]
    groups = {}
    # A tool may have finer groups than the job asks for.
    for *key, count, first, last in rows:
        before = groups.get(tuple(key), (0, first, last))
        groups[tuple(key)] = (before[0] + int(count), min(before[1], first), max(before[2], last))
    return groups


def without_principal(groups):
    counts = {}
    for key, (count, _, _) in groups.items():
        counts[key[1:]] = counts.get(key[1:], 0) + count
    return counts


def compare(answers):
    """Prints what the tools do not agree on; whether they agree on the counts."""
    (base, expected), *others = answers.items()
    agreed = True
    for name, groups in others:
        if groups == expected:
            continue
        ours, theirs = without_principal(groups), without_principal(expected)
        agreed &= ours == theirs
        what = "counts equal, principals or times differ" if ours == theirs else "counts differ"
        different = [key for key in sorted(groups.keys() | expected.keys()) if groups.get(key) != expected.get(key)]
        print(f"{name} and {base}: {what}, in {len(different)} groups, such as")
        for key in different[:5]:
            print(f"  {key}: {groups.get(key)} and {expected.get(key)}")
    if agreed:
        events = sum(count for count, _, _ in expected.values())
        print(f"counts equal: {len(expected):,} groups, {events:,} events in {', '.join(answers)}")
    return agreed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=pathlib.Path, metavar="DIR", help="a tree that the logs bench has generated")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--trailcheck", metavar="PATH", help="the trailcheck binary")
    which.add_argument("--without-trailcheck", action="store_true", help="the peers only")
    parser.add_argument("--floor", metavar="PATH", help="the built logs bench; left out: the newest in target/release/deps")
    parser.add_argument("--runs", type=int, default=3, help="measured runs of each tool, after one to warm up")
    options = parser.parse_args()
    if not any(options.tree.glob("**/*.json.gz")):
        sys.exit(f"{options.tree}: no log files; cargo bench --bench logs -- generate {options.tree} 500")

    with tempfile.TemporaryDirectory() as folder:
        load = os.getloadavg()[0]
        # The kernel counts this program's own memory to a child until the child has started: less cannot be seen.
        least = measure(["true"], pathlib.Path(folder) / "none")[2]
        measured, outputs = [], {}
        for number, (name, command, answers) in enumerate(commands(options)):
            output = pathlib.Path(folder) / str(number)
            runs = [measure(command, output) for _ in range(options.runs + 1)][1:]
            measured.append((name, *(statistics.median(values) for values in zip(*runs))))
            if answers:
                outputs[name] = output
        floor = measured[0][1]
        print(f"Medians of {options.runs} runs on {os.cpu_count()} cores; load before them {load:.1f}.\n")
        print("| tool | CPU s | wall s | peak RSS | x floor |\n|---|---|---|---|---|")
        for name, cpu, wall, memory in measured:
            resident = f"{memory:.0f} MB" if memory > least * 1.05 else f"< {least:.0f} MB"
            print(f"| {name} | {cpu:.2f} | {wall:.2f} | {resident} | {cpu / floor:.1f} |")
        print()
        agreed = compare({name: answer(output) for name, output in outputs.items()})
    if options.without_trailcheck:
        print("trailcheck was left out")
    sys.exit(0 if agreed else 1)


if __name__ == "__main__":
    main()
