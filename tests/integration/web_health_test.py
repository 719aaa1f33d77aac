"""`tocsin health`: what supervisors of containers start to hear whether it works."""
import unittest

from program import require_tocsin, tocsin
from served import Served
from servers import closed_port, free_port


def setUpModule():
    require_tocsin()


class Health(Served):
    HOSTS = 4

    def health(self):
        return tocsin("health", "-c", self.file)

    def test_one_that_runs_works(self):
        self.serve(web={"listen": f"127.0.0.1:{free_port()}"}).get("/hosts")
        done = self.health()
        self.assertEqual((done.returncode, done.stdout), (0, "ok\n"), done)
        self.assertIn("warning: ", tocsin("validate", "-c", self.file).stdout)
        self.assertEqual(done.stderr, "")
        self.running.stop()
        self.assertEqual(self.health().returncode, 1)

    def test_all_addresses_a_certificate_and_a_path_are_no_obstacle(self):
        self.serve(web={"listen": f"0.0.0.0:{free_port()}", "basePath": "/tocsin",
                        "certificateFile": str(self.authority.server_certificate),
                        "keyFile": str(self.authority.server_key),
                        "tokens": [{"name": "alice", "hash": "0" * 64}]})
        self.running.wait_for_line("dashboard: https")
        self.assertEqual(self.health().stdout, "ok\n")

    def test_nobody_is_not_healthy(self):
        with closed_port() as port:
            self.configure(web={"listen": f"127.0.0.1:{port}"})
            done = self.health()
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"127.0.0.1:{port}: ", done.stderr)

    def test_what_cannot_be_asked_is_said(self):
        for web in ({"enable": False}, {"listen": "127.0.0.1:0"}):
            self.configure(web=web)
            done = self.health()
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("dashboard on a fixed port", done.stderr)


if __name__ == "__main__":
    unittest.main()
