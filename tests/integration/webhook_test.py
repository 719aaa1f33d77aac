"""From a change on a host to a webhook, over whatever the receiver does to us."""
import json
import tempfile
import time
import unittest

import oracles
from patience import assert_memory_below
from program import ON_WINE, named, require_tocsin, tocsin
from receiver import FLOOD, HANG, NO_CONTENT, TRUNCATE, Answer, Authority
from servers import closed_port, require, wait_until
from watched import ENGINE, PROXY, Watched


def setUpModule():
    require_tocsin()
    require("openssl")
    oracles.require_impacket()


class Messages(Watched):
    def message(self, before, now):
        return {"event": "Windows service monitor", "host": self.host, "serviceStatus": now,
                "serviceName": ENGINE, "serviceDisplayName": "Qlik Sense Engine Service",
                "serviceStartType": "Automatic", "prevState": before, "currState": now,
                "stateChanged": True, "kind": {"STOPPED": "stopped", "RUNNING": "started"}[now]}

    def test_post_over_https_with_an_authority_of_our_own(self):
        receiver = self.receiver(Answer(), NO_CONTENT, authority=self.authority)
        running = self.run_tocsin(self.webhook(receiver, rejectUnauthorized=True,
                                               certCA=named(self.authority.certificate)))
        self.manager.stop(ENGINE)
        receiver.wait_for(1)
        self.manager.start(ENGINE)
        stopped, started = receiver.wait_for(2)
        self.assertEqual(running.stop(), 0, running.output())

        # Compact JSON with Butler's keys in Butler's order.
        for request, states in ((stopped, ("RUNNING", "STOPPED")),
                                (started, ("STOPPED", "RUNNING"))):
            self.assertEqual(request.body.decode(), json.dumps(
                self.message(*states), separators=(",", ":"), ensure_ascii=False))
            self.assertEqual((request.method, request.path), ("POST", "/alerts"))
            self.assertEqual(request.headers["content-type"], "application/json")
            self.assertRegex(request.headers["user-agent"], r"^tocsin/\d")
            self.assertRegex(request.key, r"^[0-9a-f-]{36}$")
        self.assertNotEqual(stopped.key, started.key)
        delivered = self.rows("deliveries")
        self.assertEqual([(row["id"], row["state"], row["attempts"], row["detail"])
                          for row in delivered],
                         [(stopped.key, "delivered", 1, "200 OK"),
                          (started.key, "delivered", 1, "204 No Content")])

    def test_put(self):
        receiver = self.receiver()
        self.run_tocsin(self.webhook(receiver, method="PUT"))
        self.manager.stop(ENGINE)
        request, = receiver.wait_for(1)
        self.assertEqual((request.method, request.message),
                         ("PUT", self.message("RUNNING", "STOPPED")))

    def test_get_appends_to_the_query(self):
        receiver = self.receiver()
        self.run_tocsin(self.webhook(receiver, method="GET", path="/alerts?token=a%2Bb"))
        self.manager.stop(ENGINE)
        request, = receiver.wait_for(1)
        self.assertEqual((request.method, request.body), ("GET", b""))
        self.assertTrue(request.path.startswith("/alerts?token=a%2Bb&event="), request.path)
        expected = [(name.lower(), "true" if value is True else value)
                    for name, value in self.message("RUNNING", "STOPPED").items()]
        self.assertEqual(request.query, [("token", "a+b"), *expected])

    def test_history(self):
        receiver = self.receiver()
        running = self.run_tocsin(self.webhook(receiver))
        self.manager.stop(ENGINE)
        receiver.wait_for(1)
        self.manager.stop(PROXY)
        receiver.wait_for(2)

        rows = self.rows("history")  # while it runs
        self.assertEqual(
            [(row["host"], row["service"], row["kind"], row["from"], row["to"]) for row in rows],
            [(self.host, ENGINE, "stopped", "RUNNING", "STOPPED"),
             (self.host, PROXY, "stopped", "RUNNING", "STOPPED")])
        self.assertEqual(running.stop(), 0)
        self.assertEqual(self.rows("history"), rows)  # and when it does not
        self.assertEqual(self.rows("history", self.host, PROXY.lower()), rows[1:])
        self.assertEqual(self.rows("history", "another-host"), [])
        self.assertEqual(self.rows("history", "--since", "0s"), [])
        table = tocsin("history", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(table.returncode, 0)
        self.assertRegex(table.stdout, rf"(?m)^\S+ \S+ +{self.host} +{PROXY} +stopped ")
        wrong = tocsin("history", "-c", self.file, "--data-dir", self.data, "--since", "soon")
        self.assertEqual((wrong.returncode, wrong.stdout), (1, ""))
        self.assertIn("soon", wrong.stderr)


class Answers(Watched):
    """What the receiver may answer, and what follows from it."""

    def stop_and_start(self):
        """Two changes, the second of which has happened before the first is notified."""
        self.manager.stop(ENGINE)
        time.sleep(1.5)
        self.manager.start(ENGINE)

    def assert_tried_again(self, receiver, seconds=15):
        """The first message came twice, as the same delivery; the order is that of the changes."""
        first, second, third = receiver.wait_for(3, seconds)
        self.assertEqual(self.states((first, second, third)),
                         [(ENGINE, "STOPPED"), (ENGINE, "STOPPED"), (ENGINE, "RUNNING")])
        self.assertEqual(first.key, second.key)
        self.assertNotEqual(second.key, third.key)
        return second.at - first.at

    def test_500_is_tried_again(self):
        receiver = self.receiver(Answer(500))
        self.run_tocsin(self.webhook(receiver))
        self.stop_and_start()
        self.assert_tried_again(receiver)

    def assert_delivered_once(self, receiver):
        self.assertEqual(self.states(receiver.wait_for(2)), [(ENGINE, "STOPPED"), (ENGINE, "RUNNING")])
        wait_until(lambda: [row["state"] for row in self.rows("deliveries")] == ["delivered"] * 2, 15,
                   lambda: self.rows("deliveries"))
        self.assertEqual(len(receiver.requests), 2)

    def test_a_status_of_success_counts_though_its_body_breaks_off(self):
        receiver = self.receiver(TRUNCATE)
        self.run_tocsin(self.webhook(receiver))
        self.stop_and_start()
        self.assert_delivered_once(receiver)

    def test_retry_after_is_honoured(self):
        receiver = self.receiver(Answer(429, (("Retry-After", "4"),)))
        self.run_tocsin(self.webhook(receiver))
        self.stop_and_start()
        self.assertGreaterEqual(self.assert_tried_again(receiver), 4)

    def test_a_receiver_that_hangs_holds_nobody_else_back(self):
        hanging = self.receiver(HANG)
        quick = self.receiver()
        self.run_tocsin(self.webhook(hanging), {**self.webhook(quick), "description": "quick"})
        self.stop_and_start()
        self.assertEqual(self.states(quick.wait_for(2)),
                         [(ENGINE, "STOPPED"), (ENGINE, "RUNNING")])
        self.assertEqual(len(hanging.requests), 1)
        self.assertGreaterEqual(self.assert_tried_again(hanging, seconds=30), 9)

    def test_an_answer_without_an_end_is_not_read_for_ever(self):
        receiver = self.receiver(FLOOD)
        running = self.run_tocsin(self.webhook(receiver))
        self.stop_and_start()
        self.assert_delivered_once(receiver)
        if not ON_WINE:
            assert_memory_below(self, running.process.pid, "VmHWM", 60_000)

    def test_400_is_a_dead_letter(self):
        receiver = self.receiver(Answer(400, body=b"no such channel"))
        running = self.run_tocsin(self.webhook(receiver))
        self.manager.stop(ENGINE)
        self.wait_for_delivery("dead")
        self.manager.start(ENGINE)
        self.assertEqual(self.states(receiver.wait_for(2)),
                         [(ENGINE, "STOPPED"), (ENGINE, "RUNNING")])
        wait_until(lambda: [row["state"] for row in self.rows("deliveries")]
                   == ["dead", "delivered"], 10, lambda: self.rows("deliveries"))
        dead, = self.rows("deliveries", "--failed")
        self.assertEqual((dead["state"], dead["attempts"], dead["alert"]["kind"]),
                         ("dead", 1, "stopped"))
        self.assertRegex(dead["detail"], "400 Bad Request.*no such channel")
        table = tocsin("deliveries", "--failed", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(table.returncode, 0)
        self.assertRegex(table.stdout, rf"(?m){ENGINE} +stopped +dead +1 +400 Bad Request")
        self.assertEqual(running.stop(), 0)
        self.start_tocsin()
        time.sleep(2)
        self.assertEqual(len(receiver.requests), 2, "a dead letter stays dead after a restart")

    def test_dead_letters_are_sent_again_on_request(self):
        receiver = self.receiver(Answer(400), Answer(400), NO_CONTENT)
        self.run_tocsin(self.webhook(receiver))
        self.manager.stop(ENGINE)
        self.wait_for_delivery("dead")
        self.manager.start(ENGINE)
        wait_until(lambda: [row["state"] for row in self.rows("deliveries")] == ["dead"] * 2, 10,
                   lambda: self.rows("deliveries"))
        retry = ["deliveries", "-c", self.file, "--data-dir", self.data, "--retry"]
        for arguments, said in (((), "needs the ID"), (("nonsense",), "no dead letter `nonsense`")):
            refused = tocsin(*retry, *arguments)
            self.assertEqual(refused.returncode, 1, refused.stdout)
            self.assertIn(said, refused.stderr)
        asked = tocsin(*retry, "--all")
        self.assertEqual((asked.returncode, asked.stdout),
                         (0, "dead letters sent again: 2\n"), asked.stderr)
        self.assertEqual(self.states(receiver.wait_for(4))[2:],
                         [(ENGINE, "STOPPED"), (ENGINE, "RUNNING")])
        wait_until(lambda: not self.rows("deliveries", "--failed"), 10, "no dead letter")

    def test_untrusted_certificate(self):
        receiver = self.receiver(authority=self.authority)
        running = self.run_tocsin(self.webhook(receiver))
        self.manager.stop(ENGINE)
        failed = wait_until(lambda: self.rows("deliveries", "--failed"), 15, "a failed delivery")
        self.assertEqual(failed[0]["state"], "pending")
        self.assertRegex(failed[0]["detail"], "(?i)certificate")
        self.assertEqual(running.stop(), 0)
        self.assertEqual(receiver.requests, [])

        # The delivery waits; with the configuration mended it is delivered.
        self.configure(self.webhook(receiver, rejectUnauthorized=True,
                                    certCA=named(self.authority.certificate)))
        self.start_tocsin()
        self.assertEqual(receiver.wait_for(1)[0].key, failed[0]["id"])

    def test_certificate_of_another_name(self):
        with tempfile.TemporaryDirectory(prefix="tocsin-test-") as folder:
            authority = Authority(folder, names="DNS:another.example")
            receiver = self.receiver(authority=authority)
            self.run_tocsin(self.webhook(receiver, rejectUnauthorized=True,
                                         certCA=named(authority.certificate)))
            self.manager.stop(ENGINE)
            failed = wait_until(lambda: self.rows("deliveries", "--failed"), 15, "a failure")
            self.assertRegex(failed[0]["detail"], "(?i)certificate")
            self.assertEqual(receiver.requests, [])

    def test_any_certificate_with_reject_unauthorized_false(self):
        receiver = self.receiver(authority=self.authority)
        self.run_tocsin(self.webhook(receiver, rejectUnauthorized=False))
        self.manager.stop(ENGINE)
        receiver.wait_for(1)

    def test_a_receiver_that_is_down_for_a_while(self):
        port = self.enterContext(closed_port())
        receiver = self.receiver()
        running = self.run_tocsin(f"http://127.0.0.1:{port}/", receiver.url())
        self.manager.stop(ENGINE)
        receiver.wait_for(1)  # the other one is down, and this one does not care
        failed, = wait_until(lambda: self.rows("deliveries", "--failed"), 15, "a failed delivery")
        self.assertEqual(failed["state"], "pending")
        running.kill()

        # After a crash, and with the receiver back on that port, it is still delivered.
        late = self.receiver(port=port)
        self.start_tocsin()
        self.assertEqual(self.states(late.wait_for(1)), [(ENGINE, "STOPPED")])
        self.assertEqual(len(receiver.requests), 1)

    def test_no_secret_of_the_url_is_told(self):
        secret = "s3cret-t0ken-of-the-channel"
        receiver = self.receiver(Answer(500, body=f"/hooks/{secret}".encode()),
                                 Answer(400, body=secret.encode()))
        running = self.run_tocsin(self.webhook(receiver, path=f"/hooks/{secret}"))
        self.manager.stop(ENGINE)
        self.wait_for_delivery("dead")
        told = (running.output() + json.dumps(self.rows("deliveries"))
                + tocsin("deliveries", "-c", self.file, "--data-dir", self.data).stdout)
        self.assertIn("500 Internal Server Error", running.output())
        self.assertIn("400 Bad Request", told)
        self.assertNotIn(secret, told)
        self.assertNotIn(self.simulator.PASSWORD, told)


class TestAlert(Watched):
    """`tocsin test`."""

    def test_accepted(self):
        receiver = self.receiver(authority=self.authority)
        self.configure(self.webhook(receiver, rejectUnauthorized=True,
                                    certCA=named(self.authority.certificate)))
        done = tocsin("test", "-c", self.file)
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, 'webhook "the receiver".*200 OK')
        request, = receiver.requests
        self.assertEqual(list(request.message)[:9], [
            "event", "host", "serviceStatus", "serviceName", "serviceDisplayName",
            "serviceStartType", "prevState", "currState", "stateChanged"])
        self.assertTrue(request.key)

    def test_each_destination_is_told_about(self):
        good = self.receiver()
        bad = self.receiver(always=Answer(403, body=b"go away"))
        port = self.enterContext(closed_port())
        self.configure({**self.webhook(good), "description": "good"},
                       {**self.webhook(bad), "description": "bad"},
                       {"description": "down", "webhookURL": f"http://127.0.0.1:{port}/",
                        "httpMethod": "POST"})
        done = tocsin("test", "-c", self.file)
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stdout, '(?m)"good".*200 OK')
        self.assertRegex(done.stdout, '(?m)"bad".*403 Forbidden.*go away')
        self.assertRegex(done.stdout, '(?m)"down".*(?i:refused)')
        self.assertEqual((len(good.requests), len(bad.requests)), (1, 1))

    def test_channels(self):
        receiver = self.receiver()
        self.configure(self.webhook(receiver))
        self.assertEqual(tocsin("test", "-c", self.file, "webhook").returncode, 0)
        self.assertEqual(len(receiver.requests), 1)
        unknown = tocsin("test", "-c", self.file, "pigeon")
        self.assertNotEqual(unknown.returncode, 0)
        self.assertIn("pigeon", unknown.stderr)
        self.assertEqual(len(receiver.requests), 1)

    def test_nothing_is_stored(self):
        """A test may be sent while `run` owns the store."""
        receiver = self.receiver()
        self.run_tocsin(self.webhook(receiver))
        self.assertEqual(tocsin("test", "-c", self.file).returncode, 0)
        self.assertEqual((self.rows("history"), self.rows("deliveries")), ([], []))


class Restarts(Watched):
    def test_only_what_changed_meanwhile_is_told(self):
        receiver = self.receiver()
        running = self.run_tocsin(self.webhook(receiver))
        self.manager.stop(PROXY)
        receiver.wait_for(1)
        self.assertEqual(running.stop(), 0)

        self.manager.stop(ENGINE)
        running = self.start_tocsin()
        self.assertEqual(self.states(receiver.wait_for(2)),
                         [(PROXY, "STOPPED"), (ENGINE, "STOPPED")])
        time.sleep(2.5)  # two more checks
        self.assertEqual(running.stop(), 0)
        self.start_tocsin()
        time.sleep(2.5)
        self.assertEqual(len(receiver.requests), 2)

    def test_a_first_start_is_no_alert(self):
        self.manager.stop(ENGINE)
        receiver = self.receiver()
        running = self.run_tocsin(self.webhook(receiver))
        self.assertRegex(running.output(), f"{ENGINE} is STOPPED at the first check")
        time.sleep(1.5)
        self.assertEqual((receiver.requests, self.rows("history")), ([], []))

    def test_one_at_a_time(self):
        receiver = self.receiver()
        self.run_tocsin(self.webhook(receiver))
        second = tocsin("run", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(second.returncode, 1, second)
        self.assertIn(named(self.data), second.stderr)
        self.assertIn("another tocsin runs with this data directory", second.stderr)


if __name__ == "__main__":
    unittest.main()
