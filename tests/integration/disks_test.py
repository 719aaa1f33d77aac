"""A data directory that cannot be written, at the start or later."""
import contextlib
import sqlite3
import subprocess
import time
import unittest

import oracles
from program import ON_WINE, named, require_tocsin, tocsin
from servers import require, require_root, wait_until
from watched import ENGINE, PROXY, Watched


def setUpModule():
    require_tocsin()
    oracles.require_impacket()


class Disks(Watched):
    def small_disk(self, options):
        require("mount")
        require_root("mounting a small disk")
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", disk],
                                 capture_output=True, text=True, check=False)
        if mounted.returncode:
            self.skipTest(f"no small disk can be mounted here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        self.data = disk / "data"
        return disk

    @staticmethod
    def fill(disk):
        """Leaves no free byte; returns the file to be removed."""
        filler = disk / "filler"
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        return filler

    def assert_no_start(self, *webhooks):
        self.configure(*webhooks)
        done = tocsin("run", "-c", self.file, "--data-dir", self.data, timeout=20)
        self.assertEqual(done.returncode, 1, done)
        errors = [line for line in done.stderr.splitlines() if " error " in line]
        self.assertEqual(len(errors), 1, done)
        self.assertIn(named(self.data), errors[0])
        self.assertNotIn(" ready: ", done.stderr)

    def test_start_where_a_file_is(self):
        self.data.write_text("not a directory")
        self.assert_no_start()
        self.assertEqual(self.data.read_text(), "not a directory")

    def test_start_on_a_read_only_disk(self):
        disk = self.small_disk("size=1m")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        self.assert_no_start()

    def test_start_on_a_full_disk(self):
        """The first one, which has no database yet."""
        filler = self.fill(self.small_disk("size=2m"))
        receiver = self.receiver()
        running = self.run_tocsin(self.webhook(receiver))
        self.manager.stop(ENGINE)
        self.assertEqual(self.states(receiver.wait_for(1)), [(ENGINE, "STOPPED")])
        for words in (("history",), ("deliveries",), ("silences",), ("silence", self.host, "--for", "1h")):
            with self.subTest(words):
                done = tocsin(*words, "-c", self.file, "--data-dir", self.data)
                self.assertEqual(done.returncode, 1, done)
                self.assertEqual(len(done.stderr.splitlines()), 1, done)
                self.assertIn("the running tocsin keeps it in memory, because the disk is full", done.stderr)

        filler.unlink()
        running.wait_for_line("the disk has space again")
        errors = [line for line in running.lines if " error " in line]
        self.assertEqual(len(errors), 1, errors)
        self.assertIn("tocsin runs from memory", errors[0])
        self.manager.start(ENGINE)
        receiver.wait_for(2)
        self.wait_for_deliveries(["delivered", "delivered"])
        running.kill()
        self.assertEqual([row["to"] for row in self.rows("history")], ["STOPPED", "RUNNING"])
        self.start_tocsin()
        time.sleep(2)
        self.assertEqual(len(receiver.requests), 2, "nothing is told twice")

    def test_start_on_a_disk_without_room_for_a_directory(self):
        disk = self.small_disk("nr_inodes=1")
        receiver = self.receiver()
        running = self.run_tocsin(self.webhook(receiver))
        self.manager.stop(ENGINE)
        self.assertEqual(self.states(receiver.wait_for(1)), [(ENGINE, "STOPPED")])
        self.assertIn("tocsin runs from memory", running.output())
        self.assertFalse(self.data.exists())
        subprocess.run(["mount", "-o", "remount,nr_inodes=100", disk], check=True)
        running.wait_for_line("the disk has space again")
        self.wait_for_deliveries(["delivered"])
        self.assertEqual([row["to"] for row in self.rows("history")], ["STOPPED"])
        if not ON_WINE:
            self.assertEqual(self.data.stat().st_mode & 0o777, 0o700)

    def wait_for_deliveries(self, states):
        wait_until(lambda: [row["state"] for row in self.rows("deliveries")] == states, 15, lambda: self.rows("deliveries"))

    def test_stop_on_a_full_disk(self):
        """What only memory holds is lost, and the log says so."""
        self.fill(self.small_disk("size=2m"))
        running = self.run_tocsin()
        self.assertEqual(running.stop(), 0)
        self.assertIn("states, history and waiting deliveries are lost", running.output())

    @unittest.skipIf(ON_WINE, "under Wine the lock finds no room in what the reserve has given back")
    def test_start_again_on_a_full_disk(self):
        disk = self.small_disk("size=4m")
        receiver = self.receiver()
        running = self.run_tocsin(self.webhook(receiver))
        self.assertEqual(running.stop(), 0)
        self.fill(disk)
        again = self.start_tocsin()
        self.manager.stop(ENGINE)
        self.assertEqual(self.states(receiver.wait_for(1)), [(ENGINE, "STOPPED")])
        self.assertIn("the disk is full", again.output())

    def test_start_on_a_damaged_database(self):
        self.data.mkdir()
        (self.data / "tocsin.db").write_bytes(b"this is no database, whatever its name says" * 100)
        self.assert_no_start()

    def test_a_disk_that_fills_up_stops_no_alert(self):
        disk = self.small_disk("size=4m")
        receiver = self.receiver()
        running = self.run_tocsin(self.webhook(receiver))
        self.manager.stop(PROXY)
        receiver.wait_for(1)

        filler = self.fill(disk)
        # The first commits may still fit into what the database has already taken from the disk.
        expected = [(PROXY, "STOPPED")]
        while "alerts are sent from memory" not in running.output():
            self.assertLess(len(expected), 400, running.output())
            for change, state in ((self.manager.stop, "STOPPED"), (self.manager.start, "RUNNING")):
                change(ENGINE)
                expected.append((ENGINE, state))
                self.assertEqual(self.states(receiver.wait_for(len(expected))), expected)
        self.assertEqual(self.states(receiver.requests), expected)

        filler.unlink()
        running.wait_for_line("the store works again")
        self.assertEqual(running.stop(), 0, running.output())
        with sqlite3.connect(self.data / "tocsin.db") as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        database.close()
        self.assertEqual([(row["service"], row["to"]) for row in self.rows("history")], expected)
        self.start_tocsin()
        time.sleep(2)
        self.assertEqual(len(receiver.requests), len(expected), "nothing is told twice")


if __name__ == "__main__":
    unittest.main()
