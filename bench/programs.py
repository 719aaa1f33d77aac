"""Part of ./dev bench: the small programs, bench/*_bench.cpp."""
import json
import subprocess

from figures import not_measured, report
from kit import BUILD

GOALS = {"metrics_bench text_of_10000_hosts/perHost:1": {"at_most": 20}}
# What Google Benchmark says of each benchmark besides its own counters.
USUAL = {"family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads", "iterations", "real_time", "cpu_time"}


def programs():
    """CPU of each benchmark; where it waits for somebody, real time."""
    counters = {}
    for program in sorted((BUILD / "bench").glob("*_bench")):
        done = subprocess.run([program, "--benchmark_min_time=0.05", "--benchmark_format=json"], capture_output=True, text=True, check=False)
        if done.returncode:
            not_measured(program.name, done.stderr or f"exit code {done.returncode}")
            continue
        for one in json.loads(done.stdout)["benchmarks"]:
            name = f"{program.name} {one['name']}"
            if one.get("error_occurred"):
                not_measured(name, one["error_message"])
                continue
            counters[name] = {key: value for key, value in one.items() if isinstance(value, (int, float)) and key not in USUAL}
            report(name, one["real_time" if "real_time" in one["name"] else "cpu_time"], one["time_unit"], **GOALS.get(name, {}),
                   note=", ".join(f"{key} {value:,.0f}" for key, value in counters[name].items()))
    heap = {pushed: counters.get(f"probe_bench heap_of_open_hosts/byName:0/pushed:{pushed}/iterations:1", {}).get("bytes_per_host")
            for pushed in (0, 1)}
    if None in heap.values():
        not_measured("heap that push takes more, each host", "probe_bench failed")
    else:
        report("heap that push takes more, each host of 8 services", (heap[1] - heap[0]) / 1024, "KB", at_most=16)
