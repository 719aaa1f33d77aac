"""./dev torture [MINUTES] [SEED]: services change, everything else goes wrong, and what arrives is compared with the truth.

The seed decides what is done and when; the machine's own timing it cannot repeat.
"""
import argparse
import json
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

import isolation  # noqa: E402
import misfortunes  # noqa: E402
from program import TOCSIN  # noqa: E402
from truth import judge, judge_host  # noqa: E402
from world import HOSTS, RECOVERY, SERVICES, World  # noqa: E402

HEALING = 55  # the last seconds of the time that is given; then
PATIENCE = 50  # more, at most, until all has arrived
QUIET = 4  # seconds after that in which nothing more may come
BURST = 250  # changes
FEW = 6  # changes a second, between bursts


def arguments():
    parser = argparse.ArgumentParser(prog="./dev torture")
    parser.add_argument("minutes", nargs="?", type=float, default=3, metavar="MINUTES")
    parser.add_argument("seed", nargs="?", type=int, default=random.SystemRandom().randrange(10**6), metavar="SEED")
    parser.add_argument("--also", action="append", default=[], metavar="NAME",
                        help="a misfortune that is left out for a known fault")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="no other misfortune; may be repeated")
    options = parser.parse_args()
    names = {one.name for table in misfortunes.TABLE.values() for one in table}
    if unknown := [name for name in options.also + options.only if name not in names]:
        parser.error(f"no misfortunes: {', '.join(unknown)}; there are: {', '.join(sorted(names))}")
    return options


def choose(options):
    """{track: misfortunes}; says what is left out, and why."""
    asked_for = options.also + options.only
    left_out, chosen = {}, {}
    for track, table in misfortunes.TABLE.items():
        wanted = [one for one in table if not options.only or one.name in options.only]
        reasons = {one.name: one.missing() or (one.left_out if one.name not in asked_for else "") for one in wanted}
        chosen[track] = [one for one in wanted if not reasons[one.name]]
        left_out |= {f"{name} ({track})": reason for name, reason in reasons.items() if reason}
    for reason in dict.fromkeys(left_out.values()):
        print(f"left out: {', '.join(name for name in left_out if left_out[name] == reason)}: {reason}", flush=True)
    return chosen


def plan(chosen, options, seconds):
    """{track: [(from, misfortune, how long, seed)]}, in seconds from the begin."""
    return {track: list(plan_track(table, random.Random(f"{options.seed}/{track}"), seconds))
            for track, table in chosen.items() if table}


def plan_track(table, rng, seconds):
    at = rng.uniform(2, 8)
    while True:
        one = rng.choice(table)
        lasts = rng.uniform(*one.seconds)
        if at + lasts > seconds:
            return
        yield at, one, lasts, rng.random()
        at += lasts + rng.uniform(4, 14)


class Campaign:
    def __init__(self, world, options, schedule, seconds):
        self.world = world
        self.options = options
        self.schedule = schedule
        self.seconds = seconds
        self.begin = time.monotonic()

    def log(self, text):
        line = f"{time.monotonic() - self.begin:7.2f} {text}"
        with open(self.world.folder / "campaign.log", "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def run(self):
        threads = [threading.Thread(target=self._safely, args=(self._suffer, track), daemon=True) for track in self.schedule]
        threads.append(threading.Thread(target=self._safely, args=(self._change,), daemon=True))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _safely(self, work, *more):
        try:
            work(*more)
        except Exception:  # noqa: BLE001 a track that breaks is a fault of this run, not of its thread
            self.world.fault(f"{work.__name__} {more}: {traceback.format_exc()}")

    def _suffer(self, track):
        destination = next((one for one in self.world.destinations if one.name == track), None)
        for at, misfortune, lasts, seed in self.schedule[track]:
            time.sleep(max(0, self.begin + at - time.monotonic()))
            if time.monotonic() > self.begin + self.seconds - lasts:
                return
            self.log(f"{track}: {misfortune.name}, {lasts:.1f} s")
            with misfortune.strike(self.world, random.Random(seed), destination):
                time.sleep(lasts)
            self.log(f"{track}: {misfortune.name} is over")

    def _change(self):
        rng = random.Random(f"{self.options.seed}/changes")
        next_burst = rng.uniform(5, 10)
        while (now := time.monotonic() - self.begin) < self.seconds:
            if now > next_burst:
                count = rng.randint(20, BURST)
                self.log(f"burst of {count}")
                while count > 0:  # in portions, one check may see several
                    portion = min(count, rng.randint(1, 60))
                    self.world.change(rng, portion)
                    count -= portion
                next_burst = now + rng.uniform(10, 25)
            self.world.change(rng, 1)
            time.sleep(rng.expovariate(FEW))

    def heal(self):
        """Until every destination has received all that it must, and for a while longer."""
        end = self.begin + self.seconds + HEALING + PATIENCE
        while time.monotonic() < end and any(judge_destination(self.world, one).lost for one in self.world.destinations):
            time.sleep(2)
        time.sleep(QUIET)


def judge_destination(world, destination):
    return judge(world.histories, world.disturbances, list(destination.messages), list(destination.cuts.values()))


def judge_hosts(destination):
    if destination.cuts:  # they may be anywhere
        return
    for host, alerts in sorted(destination.hosts.items()):
        yield from judge_host(host, alerts)


def report(world, begin):
    """Prints what came of it; returns the faults."""
    faults = list(world.faults)
    print(f"\n{'destination':12} changes notified  lost repeated reordered invented (same id unlisted)  latest")
    for destination in world.destinations:
        verdict = judge_destination(world, destination)
        print(f"{destination.name:12} {world.changes:7} {verdict.notified:8} {len(verdict.lost):5} {len(verdict.repeated):8} "
              f"{len(verdict.reordered):9} {len(verdict.invented):8}  {verdict.again:7} {verdict.unlisted:8}"
              f"   {verdict.latest:.1f} s ({verdict.latest_text})")
        faults += [f"{destination.name}: {fault}" for fault in [*verdict.faults, *judge_hosts(destination)]]
    dead = [f"{name}: dead letter about {'/'.join(service)}" for name, service in world.dead_letters()]
    print(f"{HOSTS} hosts of {len(SERVICES)} services, {world.starts} starts, peak memory {world.memory / 1024:.0f} MiB, "
          f"at most {world.files} open files, {len(dead)} dead letters, {time.monotonic() - begin:.0f} s")
    return faults + dead


def keep(world, schedule):
    """What is worth reading after a failure."""
    (world.folder / "schedule.txt").write_text("".join(
        f"{at:7.2f} {track}: {one.name}, {lasts:.1f} s\n" for track, all_of_it in schedule.items()
        for at, one, lasts, _ in all_of_it), encoding="utf-8")
    with open(world.folder / "truth.jsonl", "w", encoding="utf-8") as file:
        for history in world.histories.values():
            file.write(json.dumps([history.service, [(stay.state, stay.begins, stay.began) for stay in history.stays]]) + "\n")
    (world.folder / "simulator.log").write_text(world.simulator.output(), encoding="utf-8")
    for destination in world.destinations:
        with open(world.folder / f"{destination.name}.jsonl", "w", encoding="utf-8") as file:
            for message in destination.messages:
                file.write(json.dumps([message.at, message.service, message.before, message.state, message.id]) + "\n")
    shutil.copytree(world.data, world.folder / "data.kept", ignore=shutil.ignore_patterns("filler"))


def main():
    options = arguments()
    if not TOCSIN:
        sys.exit("TOCSIN does not name the program under test")
    begin = time.monotonic()
    words = [word for name in ("also", "only") for value in getattr(options, name) for word in (f"--{name}", f"'{value}'")]
    if not isolation.isolated():
        print(f"the same again: ./dev torture {options.minutes:g} {options.seed} {' '.join(words)}".rstrip(), flush=True)
        sys.argv[1:] = [str(options.minutes), str(options.seed),
                        *(f"--{name}={value}" for name in ("also", "only") for value in getattr(options, name))]
        print(f"without namespaces: {isolation.isolate()}", flush=True)
    seconds = options.minutes * 60 - HEALING
    if seconds < RECOVERY:
        sys.exit("at least 1.2 minutes")
    schedule = plan(choose(options), options, seconds)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-torture-"))
    try:
        with World(folder) as world:
            world.build()
            print(f"{seconds:.0f} s of misfortunes, then up to {HEALING + PATIENCE} s until all has arrived; what happens is in "
                  f"{folder}/campaign.log", flush=True)
            campaign = Campaign(world, options, schedule, seconds)
            campaign.run()
            campaign.log("everything is well again")
            campaign.heal()
            keep(world, schedule)
            if world.end("stop"):
                world.fault("asked to stop at the end, it does not end well")
            faults = report(world, begin)
    except KeyboardInterrupt:
        shutil.rmtree(folder)
        sys.exit("interrupted: nothing was judged")
    if not faults:
        shutil.rmtree(folder)
        print("no faults")
        return 0
    (folder / "faults.txt").write_text("".join(f"{fault}\n" for fault in faults), encoding="utf-8")
    print(f"{len(faults)} faults; kept in {folder}:")
    print("\n".join(f"  {fault}" for fault in faults[:20]))
    return 1


if __name__ == "__main__":
    sys.exit(main())
