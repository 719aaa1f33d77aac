"""From a change on a host to a subscriber of an MQTT broker, over whatever the broker does to us."""
import json
import threading
import time
import unittest

import oracles
import watched
from broker import BadBroker, Mosquitto, Subscriber
from program import ON_WINE, configuration, named, require_tocsin, tocsin
from servers import require, wait_until
from watched import ENGINE, MARKER

SECRET = "s3cret-p4ssword"
RUNNING, STOPPED, STATUS = "qs/running/", "qs/stopped/", "qs/status/"

# Wine does not say why a connection has failed.
NOBODY_LISTENS = "the broker closed the connection" if ON_WINE else "Connection refused"


def setUpModule():
    require_tocsin()
    require("mosquitto", "mosquitto_sub", "mosquitto_passwd", "openssl")
    oracles.require_impacket()


class Watched(watched.Watched):
    """Watched by a `tocsin run` that notifies a broker."""

    def configure(self, broker, *, states=True, name=None, **more):
        host = self.simulator.host(self.host, (ENGINE, MARKER))
        if name:
            host["host"] = name
        configuration(self.file, hosts=[host], credentials=self.simulator.credentials(),
                      destinations=["mqtt"],
                      mqttConfig={"enable": True, "brokerHost": "127.0.0.1",
                                  "brokerPort": broker.port, "clientId": "tocsin-1",
                                  "serviceRunningTopic": RUNNING[:-1],
                                  "serviceStoppedTopic": STOPPED[:-1],
                                  **({"serviceStatusTopic": STATUS[:-1]} if states else {}),
                                  **more})

    def run_tocsin(self, broker, **more):
        """Runs until the test's end, or until stopped or killed; returns after the first check."""
        self.configure(broker, **more)
        return self.start_tocsin()

    def start_tocsin(self, first_look=True):
        return super().start_tocsin(first_look)

    def broker(self, *options, **more):
        return self.enterContext(Mosquitto(*options, **more))

    def subscriber(self, broker, *arguments, **more):
        return self.enterContext(Subscriber(broker, *arguments, **more))

    def deliveries(self):
        return self.rows("deliveries")

    def wait_for_delivery(self, state, seconds=30):
        """The last delivery that was tried, as soon as it is in that state."""
        def look():
            rows = [row for row in self.deliveries() if row["detail"]]
            return rows[-1] if rows and rows[-1]["state"] == state else None
        return wait_until(look, seconds, lambda: f"{state}: {self.deliveries()}")

    def states(self, messages):
        """Of changes: what each says that the service is."""
        return [json.loads(message["payload"])["serviceStatus"] for message in messages]


class Messages(Watched):
    def expected(self, state, host=None):
        return {"serviceHost": host or self.host, "serviceName": ENGINE,
                "serviceFriendlyName": "Qlik Sense Engine Service",
                "serviceDisplayName": "Qlik Sense Engine Service"}, state

    def check_changes_and_states(self, version):
        broker = self.broker()
        listener = self.subscriber(broker)
        running = self.run_tocsin(broker, protocolVersion=version)
        status, = listener.wait_for(1, f"{STATUS}{self.host}/{ENGINE}")[:1]
        self.manager.stop(ENGINE)
        stopped, = listener.wait_for(1, STOPPED)
        self.manager.start(ENGINE)
        started, = listener.wait_for(1, RUNNING)
        self.assertEqual(running.stop(), 0, running.output())

        keys = ["serviceHost", "serviceName", "serviceDisplayName", "serviceFriendlyName",
                "serviceDependencies", "serviceStartType", "serviceExePath", "serviceStatus"]
        first = json.loads(status["payload"])
        self.assertEqual(list(first), keys)
        self.assertEqual(first["serviceStatus"], "RUNNING")
        self.assertEqual(first["serviceDisplayName"], "Qlik Sense Engine Service")
        self.assertIsInstance(first["serviceDependencies"], list)
        # Butler has another order for what stops.
        friendly_first = {key: first[key] for key in (*keys[:2], keys[3], keys[2], *keys[4:])}
        for message, topic, names, states, kind in (
                (stopped, STOPPED, friendly_first, ("RUNNING", "STOPPED"), "stopped"),
                (started, RUNNING, first, ("STOPPED", "RUNNING"), "started")):
            self.assertEqual(message["topic"], f"{topic}{self.host}/{ENGINE}")
            self.assertEqual((message["qos"], message["retain"]), (1, 0))
            # Compact JSON with Butler's keys in Butler's order.
            self.assertEqual(message["payload"], json.dumps(
                {**names, "serviceStatus": states[1], "servicePrevStatus": states[0],
                 "serviceStatusChanged": True, "kind": kind}, separators=(",", ":"), ensure_ascii=False))
        # Each check, not only changes; and what is not there is reported as such.
        self.assertGreaterEqual(len(listener.of(f"{STATUS}{self.host}/{ENGINE}")), 2)
        missing = json.loads(listener.of(f"{STATUS}{self.host}/{MARKER}")[0]["payload"])
        self.assertEqual(missing["serviceStatus"], "MISSING")
        self.assertEqual([(row["state"], row["detail"]) for row in self.deliveries()],
                         [("delivered", "acknowledged by the broker")] * 2)
        presence = [json.loads(message["payload"]) for message in listener.wait_for(2, "tocsin/")]
        self.assertEqual([said["status"] for said in presence], ["online", "offline"])
        self.assertEqual(presence[1]["reason"], "stopped")

    def test_mqtt_3_1_1(self):
        self.check_changes_and_states("3.1.1")

    def test_mqtt_5(self):
        self.check_changes_and_states("5")

    def test_qos_2(self):
        broker = self.broker()
        listener = self.subscriber(broker)
        self.run_tocsin(broker, qos=2)
        self.manager.stop(ENGINE)
        message, = listener.wait_for(1, STOPPED)
        self.assertEqual(message["qos"], 2)

    def test_states_are_retained_if_wanted(self):
        broker = self.broker()
        self.run_tocsin(broker, retainStatus=True)
        time.sleep(1.5)
        late = self.subscriber(broker, f"{STATUS}{self.host}/{ENGINE}")
        self.assertEqual(late.wait_for(1, STATUS)[0]["retain"], 1)

    def test_states_are_not_retained_otherwise(self):
        broker = self.broker()
        running = self.run_tocsin(broker)
        time.sleep(1.5)
        self.assertEqual(running.stop(), 0)
        late = self.subscriber(broker)
        self.assertEqual(late.wait_for(1, "tocsin/status/tocsin-1")[0]["retain"], 1)
        self.assertEqual(late.of("qs/"), [])

    def test_names_that_mean_something_in_topics(self):
        broker = self.broker()
        listener = self.subscriber(broker)
        name = "a+b#c$d%e\U0001F514"  # a host's name holds neither slash nor space
        self.run_tocsin(broker, name=name)
        self.manager.stop(ENGINE)
        message, = listener.wait_for(1, STOPPED)
        self.assertEqual(message["topic"],
                         f"{STOPPED}a%2Bb%23c$d%25e\U0001F514/{ENGINE}")
        self.assertEqual(json.loads(message["payload"])["serviceHost"], name)
        state = listener.wait_for(1, STATUS)[0]
        self.assertTrue(state["topic"].startswith(f"{STATUS}a%2Bb%23c$d%25e"))

    def test_the_last_will(self):
        broker = self.broker()
        listener = self.subscriber(broker, "tocsin/#")
        running = self.run_tocsin(broker)
        listener.wait_for(1, "tocsin/status/tocsin-1")
        running.kill()
        online, lost = listener.wait_for(2, "tocsin/status/tocsin-1")
        self.assertEqual(json.loads(online["payload"])["status"], "online")
        self.assertEqual(json.loads(lost["payload"]),
                         {"status": "offline", "reason": "connection lost"})
        late = self.subscriber(broker, "tocsin/#")
        self.assertEqual(late.wait_for(1, "tocsin/")[0]["payload"], lost["payload"])


class Trouble(Watched):
    def test_a_broker_that_restarts(self):
        broker = self.broker()
        listener = self.subscriber(broker)
        running = self.run_tocsin(broker)
        listener.wait_for(1, STATUS)
        broker.down()
        expected = []
        for change, state in ((self.manager.stop, "STOPPED"), (self.manager.start, "RUNNING")) * 2:
            change(ENGINE)
            expected.append(state)
            wait_until(lambda: len(self.deliveries()) >= len(expected), 15, self.deliveries)
        self.assertEqual([row["state"] for row in self.deliveries()], ["pending"] * 4)
        broker.up()
        # All of them, in order; perhaps one twice, never one less.
        wait_until(lambda: [row["state"] for row in self.deliveries()] == ["delivered"] * 4, 60,
                   lambda: self.deliveries())

        def changes():
            return [message for message in listener.of("qs/")
                    if not message["topic"].startswith(STATUS)]
        wait_until(lambda: len(changes()) >= 4, 20, lambda: listener.messages)
        arrived = self.states(changes())
        self.assertEqual([state for state, before in zip(arrived, [None, *arrived])
                          if state != before], expected)
        before = len(listener.of(STATUS))
        listener.wait_for(before + 1, STATUS)

    def test_the_outbox_survives_a_crash_while_the_broker_is_down(self):
        broker = self.broker()
        listener = self.subscriber(broker)
        running = self.run_tocsin(broker)
        broker.down()
        self.manager.stop(ENGINE)
        wait_until(self.deliveries, 15, "a delivery")
        running.kill()
        broker.up()
        self.start_tocsin(first_look=False)
        self.assertEqual(self.states(listener.wait_for(1, STOPPED)), ["STOPPED"])

    def test_a_broker_that_never_accepts(self):
        accepts = threading.Event()
        broker = self.enterContext(BadBroker(connect=lambda n: accepts.is_set() or None))
        running = self.run_tocsin(broker, states=False)
        self.manager.stop(ENGINE)
        failed = self.wait_for_delivery("pending")
        self.assertIn("the broker does not answer", failed["detail"])
        accepts.set()
        self.wait_for_delivery("delivered", 60)
        self.assertEqual([topic for topic, _ in broker.published if topic.startswith("qs/")],
                         [f"{STOPPED}{self.host}/{ENGINE}"])
        self.assertEqual(running.stop(), 0)

    def test_the_program_ends_while_a_broker_says_nothing(self):
        broker = self.enterContext(BadBroker(connect=lambda n: None))
        running = self.run_tocsin(broker)
        before = time.monotonic()
        self.assertEqual(running.stop(), 0)
        self.assertLess(time.monotonic() - before, 8)

    def test_a_broker_that_closes_on_each_message(self):
        broker = self.enterContext(BadBroker(publish=lambda n: n > 6 or False))
        self.run_tocsin(broker)
        self.manager.stop(ENGINE)
        self.wait_for_delivery("delivered", 60)
        self.assertIn(f"{STOPPED}{self.host}/{ENGINE}", [topic for topic, _ in broker.published])

    def test_a_server_that_is_no_broker(self):
        broker = self.enterContext(BadBroker(
            connect=lambda n: b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"<html>" * 50))
        running = self.run_tocsin(broker, states=False)
        self.manager.stop(ENGINE)
        failed = self.wait_for_delivery("pending")
        self.assertIn("not MQTT", failed["detail"])
        self.assertEqual(running.stop(), 0)

    def check_two_programs_with_one_client_id(self, version, **more):
        broker = self.broker()
        running = self.run_tocsin(broker, protocolVersion=version, **more)
        self.subscriber(broker, "nothing", client_id="tocsin-1", version=version.replace(".", ""))
        what_to_do = "give one of them another `clientId`"
        running.wait_for_line(what_to_do, 60)

        def connects():
            return broker.log().count(" as tocsin-1 (")
        before = connects()
        time.sleep(15)
        # The other one comes back after a second: together they connected 20 times in 15 s.
        self.assertLess(connects() - before, 12, broker.log())
        self.manager.stop(ENGINE)
        self.wait_for_delivery("delivered", 90)
        self.assertEqual(running.output().count(what_to_do), 1, running.output())

    def test_two_programs_with_one_client_id(self):
        self.check_two_programs_with_one_client_id("5")

    def test_two_programs_with_one_client_id_of_mqtt_3_1_1(self):
        self.check_two_programs_with_one_client_id("3.1.1")

    def test_two_programs_with_one_client_id_of_which_one_waits_for_no_answer(self):
        self.check_two_programs_with_one_client_id("3.1.1", qos=0)

    def test_what_is_too_large_is_a_dead_letter(self):
        broker = self.broker("max_packet_size 250")
        self.run_tocsin(broker, protocolVersion="5", states=False)
        self.manager.stop(ENGINE)
        dead = self.wait_for_delivery("dead")
        self.assertIn("larger than the broker accepts", dead["detail"])

    def test_what_is_too_large_for_a_broker_that_cannot_say_so(self):
        broker = self.broker("max_packet_size 250")
        running = self.run_tocsin(broker, states=False)
        self.manager.stop(ENGINE)
        failed = self.wait_for_delivery("pending")
        self.assertIn("the broker closed the connection", failed["detail"])
        self.assertEqual(running.stop(), 0)


class Access(Watched):
    def test_tls_with_certificates(self):
        broker = self.broker(authority=self.authority)
        listener = self.subscriber(broker)
        identity = {"clientCertFile": named(self.authority.server_certificate),
                    "clientKeyFile": named(self.authority.server_key)}
        tls = {"enable": True, "certCA": named(self.authority.certificate)}

        running = self.run_tocsin(broker, tls=tls)
        self.manager.stop(ENGINE)
        # "certificate required" or, where the broker has hung up before that could be read, a guess.
        self.assertRegex(self.wait_for_delivery("pending")["detail"],
                         "(?i)certificate required|it may want a client certificate")
        self.assertEqual(running.stop(), 0)

        self.configure(broker, tls={**tls, **identity, "serverName": "another.example"})
        running = self.start_tocsin(first_look=False)
        wait_until(lambda: "another name" in self.deliveries()[0]["detail"], 30, self.deliveries)
        self.assertEqual(running.stop(), 0)

        self.configure(broker, brokerHost="localhost", tls={**tls, **identity})
        running = self.start_tocsin(first_look=False)
        self.assertEqual(self.states(listener.wait_for(1, STOPPED)), ["STOPPED"])
        self.assertEqual(running.stop(), 0)

    def test_an_authority_that_is_not_known(self):
        broker = self.broker(authority=self.authority)
        self.run_tocsin(broker, tls={"enable": True})
        self.manager.stop(ENGINE)
        self.assertRegex(self.wait_for_delivery("pending")["detail"],
                         "the certificate was not accepted: ")

    def test_a_password(self):
        broker = self.broker(users={"monitor": SECRET})
        listener = self.subscriber(broker, user="monitor")
        running = self.run_tocsin(broker, username="monitor", password=SECRET + "-wrong")
        self.manager.stop(ENGINE)
        failed = self.wait_for_delivery("pending")
        self.assertIn("the broker refuses the connection: ", failed["detail"])
        self.assertEqual(running.stop(), 0)
        said = running.output()

        self.configure(broker, username="monitor", password=SECRET)
        running = self.start_tocsin(first_look=False)
        message, = listener.wait_for(1, STOPPED)
        self.assertEqual(running.stop(), 0)
        tested = tocsin("test", "mqtt", "-c", self.file)
        self.assertEqual(tested.returncode, 0, tested)
        told = said + running.output() + json.dumps(self.deliveries()) + str(message) + str(tested)
        self.assertNotIn(SECRET, told)

    def check_rules(self, version, state):
        broker = self.broker(users={"monitor": SECRET, "all": "all"},
                             rules=f"user all\ntopic readwrite #\nuser monitor\n"
                                   f"topic write {STATUS}#\ntopic write {RUNNING}#\n")
        listener = self.subscriber(broker, user="all")
        self.run_tocsin(broker, username="monitor", password=SECRET, protocolVersion=version)
        listener.wait_for(1, STATUS)
        self.manager.stop(ENGINE)
        stopped = self.wait_for_delivery(state)
        self.manager.start(ENGINE)
        listener.wait_for(1, RUNNING)  # what is refused delays nothing else
        self.assertEqual(listener.of(STOPPED), [])
        self.assertEqual(listener.of("tocsin/"), [])
        return stopped

    def test_a_topic_that_is_not_allowed_in_mqtt_5(self):
        dead = self.check_rules("5", "dead")
        self.assertRegex(dead["detail"], f"Not authorized .topic `{STOPPED}{self.host}/{ENGINE}`")

    def test_a_topic_that_is_not_allowed_in_mqtt_3_1_1(self):
        """Mosquitto then acknowledges what it throws away, and nobody can know."""
        self.check_rules("3.1.1", "delivered")

    def test_the_test(self):
        broker = self.broker()
        listener = self.subscriber(broker)
        running = self.run_tocsin(broker)
        listener.wait_for(1, "tocsin/status/tocsin-1")
        done = tocsin("test", "mqtt", "-c", self.file)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("delivered, acknowledged by the broker", done.stdout)
        self.assertIn("no state was sent", done.stdout)
        self.assertEqual(listener.wait_for(1, RUNNING)[0]["topic"],
                         f"{RUNNING}{self.host}/tocsin-test")
        self.assertEqual(len(listener.of("tocsin/")), 1, "the running program stays connected")
        self.assertEqual(running.stop(), 0)
        broker.down()
        done = tocsin("test", "mqtt", "-c", self.file)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(NOBODY_LISTENS, done.stdout)


if __name__ == "__main__":
    unittest.main()
