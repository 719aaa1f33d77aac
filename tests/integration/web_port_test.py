"""A port that another program has: one error, alerts go on, and the dashboard is there within a minute of its release."""
import socket
import unittest

from program import require_tocsin
from served import Served
from watched import ENGINE

MINUTE = 60


def setUpModule():
    require_tocsin()


class Taken(Served):
    def test_is_tried_again_each_minute(self):
        desk = self.receiver()
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            self.running = self.run_tocsin(self.webhook(desk), web={"listen": f"127.0.0.1:{port}"})
            self.running.wait_for_line("tried again each minute")
            self.manager.stop(ENGINE)
            self.assertEqual(self.states(desk.wait_for(1)), [(ENGINE, "STOPPED")])
            self.assertNotIn("dashboard: http", self.running.output())
        self.running.wait_for_line("dashboard: http", 1.5 * MINUTE)
        self.assertEqual(self.client().get("/counts")["alerts"]["open"], 1)
        said = [line for line in self.running.lines if "tried again each minute" in line]
        self.assertEqual(len(said), 1, said)
        self.assertIn(str(port), said[0])


if __name__ == "__main__":
    unittest.main()
