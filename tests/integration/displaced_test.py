"""The store's files are removed while tocsin runs: it says so, makes them anew, and forgets nothing."""
import os
import pathlib
import shutil
import subprocess
import unittest

from program import ON_WINE, command, require_tocsin
from servers import require_root
from watched import ENGINE, Watched


def setUpModule():
    require_tocsin()
    if ON_WINE:
        raise unittest.SkipTest("Windows lets nobody remove an open file")


class Displaced(Watched):
    HOSTS = 4

    def test_a_store_that_is_removed_is_made_anew(self):
        receiver = self.receiver()
        running = self.run_tocsin(receiver.url())
        self.manager.stop(ENGINE)
        receiver.wait_for(1, 20)
        shutil.rmtree(self.data)
        running.wait_for_line("the database was removed or replaced")
        self.manager.start(ENGINE)
        receiver.wait_for(2, 20)
        self.assertEqual([row["kind"] for row in self.rows("history")], ["stopped", "started"])
        running.kill()
        self.start_tocsin().wait_for_line("not watched properly")  # the first check has been
        self.assertEqual([row["kind"] for row in self.rows("history")], ["stopped", "started"])
        self.assertEqual(len(receiver.requests), 2)

    def test_what_is_made_anew_belongs_to_the_owner_of_the_directory(self):
        require_root("giving files to another user")
        running = self.run_tocsin()
        owner = 65534
        os.chown(self.data, owner, owner)
        (self.data / "tocsin.db").unlink()
        running.wait_for_line("the database was removed or replaced")
        for name in ("tocsin.db", "tocsin.db-wal", "tocsin.db-shm"):
            self.assertEqual((self.data / name).stat().st_uid, owner, name)

    def test_a_pipe_in_its_place_is_refused_at_once(self):
        self.configure()
        for name in ("tocsin.db", "tocsin.lock"):
            data = self.folder / name.replace(".", "-")
            data.mkdir()
            os.mkfifo(data / name)
            for words in (("run",), ("history",), ("silences",)):
                with self.subTest(name, command=words):
                    if name == "tocsin.lock" and words != ("run",):
                        continue
                    done = subprocess.run(command(*words, "-c", self.file, "--data-dir", data), timeout=20,
                                          capture_output=True, text=True, check=False)
                    self.assertEqual(done.returncode, 1)
                    self.assertIn(f"{name}: it is not a regular file: move it away", done.stderr)

    def test_a_pipe_is_no_configuration(self):
        pipe = pathlib.Path(self.folder) / "pipe.yaml"
        os.mkfifo(pipe)
        done = subprocess.run(command("validate", "-c", pipe), timeout=20, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is not a regular file", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
