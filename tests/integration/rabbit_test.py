"""Through RabbitMQ's MQTT plugin, which closes the connection over a topic that a user may not write."""
import unittest

import mqtt_test
import oracles
from mqtt_test import RUNNING, STATUS, STOPPED
from program import require_tocsin
from rabbit import RabbitMq
from servers import require, wait_until
from watched import ENGINE


def setUpModule():
    require_tocsin()
    require("mosquitto_sub")
    oracles.require_impacket()


class Rabbit(mqtt_test.Watched):
    """One broker for all: it takes its time to start."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rabbit = cls.enterClassContext(RabbitMq({
            "all": ".*", "silent": "^qs[.].*", "odd": "^(qs[.](status|running)|tocsin)[.].*"}))

    def listen(self):
        return self.subscriber(self.rabbit, user="all", version="311", retained=False)

    def run_tocsin(self, user, **more):
        self.configure(self.rabbit, username=user, password=RabbitMq.PASSWORD, **more)
        return self.start_tocsin(first_look=False)

    def change(self, listener):
        self.manager.stop(ENGINE)
        listener.wait_for(1, STOPPED)
        self.manager.start(ENGINE)
        listener.wait_for(1, RUNNING)

    def test_a_user_who_may_write_all_topics(self):
        listener = self.listen()
        self.run_tocsin("all")
        listener.wait_for(1, STATUS)
        self.change(listener)
        self.assertEqual(len(listener.of("tocsin/status/tocsin-1")), 1)

    def test_presence_that_may_not_be_written_costs_no_alert(self):
        listener = self.listen()
        running = self.run_tocsin("silent")
        listener.wait_for(1, STATUS, seconds=40)
        self.change(listener)
        self.assertEqual(listener.of("tocsin/"), [])
        running.wait_for_line("closes the connection over its topic tocsin/status/tocsin-1")

    def test_a_topic_that_may_not_be_written_holds_up_no_other_and_is_no_dead_letter(self):
        listener = self.listen()
        self.run_tocsin("odd")
        listener.wait_for(1, STATUS)
        self.manager.stop(ENGINE)
        wait_until(lambda: [row for row in self.deliveries()
                            if "check that it allows" in (row["detail"] or "")], 60, self.deliveries)
        self.assertEqual({row["state"] for row in self.deliveries()}, {"pending"})
        seen = len(listener.of(STATUS))
        listener.wait_for(seen + 2, STATUS)

    def test_the_newer_protocol_is_spoken_or_named(self):
        listener = self.listen()
        running = self.run_tocsin("all", protocolVersion="5")
        if self.rabbit.speaks_mqtt_5():
            listener.wait_for(1, STATUS)
        else:
            running.wait_for_line("it may speak MQTT 3.1.1 only (`protocolVersion`)")


if __name__ == "__main__":
    unittest.main()
