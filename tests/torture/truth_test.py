"""The judge judges: what is lost, repeated, reordered or invented in a doctored log is found, and nothing else."""
import dataclasses
import unittest

from truth import CALM, Cut, Disturbances, History, Message, judge, judge_host

SERVICE = ("db1", "Spooler")
LONG = CALM + 1


class Judge(unittest.TestCase):
    def setUp(self):
        self.history = History(SERVICE, "RUNNING")
        self.disturbances = Disturbances()
        self.now = 0

    def lives(self, *states, seconds=LONG):
        for state in states:
            self.history.enter(state, self.now, self.now + 0.1)
            self.now += seconds

    def judge(self, *messages, **more):
        return judge({SERVICE: self.history}, self.disturbances, list(messages), **more)

    def honest(self):
        """One message for each stay, a second after it began."""
        return [Message(stay.began + 1, SERVICE, before.state, stay.state, f"id{number}") for number, (before, stay) in
                enumerate(zip(self.history.stays, self.history.stays[1:]))]

    def assert_faults(self, verdict, **counts):
        self.assertEqual({kind: len(getattr(verdict, kind)) for kind in ("lost", "repeated", "reordered", "invented")},
                         {"lost": 0, "repeated": 0, "reordered": 0, "invented": 0, **counts}, verdict)
        self.assertEqual(bool(verdict.faults), bool(counts))

    def test_all_is_well(self):
        self.lives("STOPPED", "RUNNING", "PAUSED", "RUNNING")
        verdict = self.judge(*self.honest())
        self.assert_faults(verdict)
        self.assertEqual(verdict.notified, 4)
        self.assertAlmostEqual(verdict.latest, 1)

    def test_each_lost_message_is_found(self):
        self.lives("STOPPED", "RUNNING", "PAUSED", "STOPPED")
        for number, stay in enumerate(self.history.stays[1:]):
            messages = self.honest()
            del messages[number]
            verdict = self.judge(*messages)
            self.assert_faults(verdict, lost=1)
            self.assertIn(f"db1/Spooler {stay.state}", verdict.lost[0])

    def test_the_last_state_must_be_notified_however_short_it_was(self):
        self.lives("STOPPED", seconds=0.1)
        self.assert_faults(self.judge(), lost=1)

    def test_a_stop_and_a_start_that_are_both_lost_are_two(self):
        self.lives("STOPPED", "RUNNING")
        self.assert_faults(self.judge(), lost=2)

    def test_the_same_id_again_is_counted_only(self):
        self.lives("STOPPED", "RUNNING")
        stop, start = self.honest()
        verdict = self.judge(stop, stop, start, stop)
        self.assert_faults(verdict)
        self.assertEqual(verdict.again, 2)

    def test_another_id_is_a_repetition(self):
        self.lives("STOPPED", "RUNNING")
        stop, start = self.honest()
        again = Message(stop.at + 1, SERVICE, stop.before, stop.state, "other")
        self.assert_faults(self.judge(stop, again, start), repeated=1)

    def test_what_is_exchanged_is_reordered(self):
        self.lives("STOPPED", "PAUSED")
        stop, pause = self.honest()
        early = Message(pause.at, SERVICE, pause.before, pause.state, pause.id)
        late = Message(pause.at + 1, SERVICE, stop.before, stop.state, stop.id)
        self.assert_faults(self.judge(early, late), reordered=1)

    def test_what_never_was_is_invented(self):
        self.lives("STOPPED")
        stop, = self.honest()
        self.assert_faults(self.judge(stop, Message(stop.at + 1, SERVICE, "STOPPED", "PAUSED", "x")), invented=1)
        self.assert_faults(self.judge(stop, Message(stop.at, ("db2", "Spooler"), "RUNNING", "STOPPED", "y")), invented=1)

    def test_what_is_told_before_it_happens_is_invented(self):
        self.lives("RUNNING", "STOPPED")
        early = Message(self.history.stays[-1].begins - 1, SERVICE, "RUNNING", "STOPPED", "x")
        self.assert_faults(self.judge(early), reordered=0, lost=1, invented=1)

    def test_what_is_short_may_be_missed_or_seen(self):
        self.lives("STOPPED", "RUNNING", seconds=0.4)
        self.assert_faults(self.judge())
        self.assert_faults(self.judge(*self.honest()))

    def test_what_could_not_be_seen_may_be_missed(self):
        self.lives("STOPPED", "RUNNING", "PAUSED")
        self.disturbances.add("db1", 0, LONG - 2)
        self.assert_faults(self.judge(Message(self.now, SERVICE, "RUNNING", "PAUSED", "x")))
        self.disturbances = Disturbances()
        self.disturbances.add("db2", 0, LONG - 2)
        self.assert_faults(self.judge(Message(self.now, SERVICE, "RUNNING", "PAUSED", "x")), lost=2)

    def test_without_ids_equal_neighbours_are_one_message(self):
        self.lives("STOPPED", "RUNNING")
        stop, start = (Message(one.at, one.service, one.before, one.state, None) for one in self.honest())
        verdict = self.judge(stop, stop, start)
        self.assert_faults(verdict)
        self.assertEqual(verdict.again, 1)
        self.assert_faults(self.judge(start, stop), reordered=1, lost=0)

    def test_a_list_that_was_cut_excuses_as_many_as_it_says(self):
        self.lives("STOPPED", "RUNNING")
        verdict = self.judge(cuts=[Cut(self.now, "db1", 1)])
        self.assert_faults(verdict, lost=1)
        self.assertEqual(verdict.unlisted, 1)
        self.assert_faults(self.judge(cuts=[Cut(self.now, None, 2)]))
        self.assert_faults(self.judge(cuts=[Cut(self.now, "db2", 2)]), lost=2)
        self.assert_faults(self.judge(cuts=[Cut(-1, "db1", 2)]), lost=2)

    def test_what_one_list_alone_may_have_cut_takes_its_place_before_others(self):
        other = ("db2", "Spooler")
        histories = {SERVICE: History(SERVICE, "RUNNING"), other: History(other, "RUNNING")}
        histories[SERVICE].enter("STOPPED", 0, 0.1)
        histories[other].enter("STOPPED", 1, 1.1)
        for cuts in ([Cut(5, None, 1), Cut(5, "db1", 1)], [Cut(0.5, None, 1), Cut(5, None, 1)]):
            self.assert_faults(judge(histories, self.disturbances, [], cuts))
            self.assert_faults(judge(histories, self.disturbances, [], cuts[:1]), lost=1)
            self.assert_faults(judge(histories, self.disturbances, [], cuts[1:]), lost=1)

    def test_of_equal_stays_the_one_is_lost_that_a_list_may_have_cut(self):
        self.lives("STOPPED", "RUNNING", "STOPPED")
        cut = Cut(self.now - 1, None, 1)  # the second of three had no room
        self.lives("RUNNING", "STOPPED", seconds=0.1)
        self.lives("RUNNING")
        self.disturbances.add(None, 0, 2 * LONG)
        stop, _, _, _, again, last = self.honest()
        stop, again = dataclasses.replace(stop, at=cut.at), dataclasses.replace(again, at=last.at)
        verdict = self.judge(stop, again, last, cuts=[cut])
        self.assert_faults(verdict)
        self.assertEqual(verdict.unlisted, 1)

    def test_the_last_state_need_not_be_notified_where_a_list_has_cut_its_like(self):
        self.lives("STOPPED", "RUNNING")
        cut = Cut(self.now - 1, None, 1)
        self.lives("STOPPED", "RUNNING", seconds=0.1)
        self.disturbances.add(None, LONG, 2 * LONG)
        stop = dataclasses.replace(self.honest()[0], at=cut.at)
        self.assert_faults(self.judge(stop, cuts=[cut]))


class JudgeHost(unittest.TestCase):
    DOWN, UP = ("unreachable", "id1"), ("reachable", "id2")

    def test_it_ends_well(self):
        self.assertEqual(list(judge_host("db1", [self.DOWN, ("rebooted", "id3"), self.UP])), [])
        self.assertEqual(list(judge_host("db1", [self.DOWN])), ["db1 ends as ['unreachable']"])
        self.assertEqual(list(judge_host("db1", [self.UP])), ["db1 ends as ['reachable']"])

    def test_the_same_id_may_come_once_more_at_any_time(self):
        self.assertEqual(list(judge_host("db1", [self.DOWN, self.UP, self.DOWN])), [])
        self.assertEqual(len(list(judge_host("db1", [self.DOWN, self.UP, ("unreachable", "id3")]))), 1)

    def test_without_ids_equal_neighbours_are_one_message(self):
        down, up = (("unreachable", None), ("reachable", None))
        self.assertEqual(list(judge_host("db1", [down, down, up, up])), [])
        self.assertEqual(len(list(judge_host("db1", [down, up, down]))), 1)


class Calm(unittest.TestCase):
    def test_the_longest_stretch_between_disturbances(self):
        disturbances = Disturbances()
        disturbances.add("db1", 10, 20)
        disturbances.add(None, 15, 30)
        disturbances.add("db2", 0, 100)
        self.assertEqual(disturbances.calm("db1", 5, 40), 10)
        self.assertEqual(disturbances.calm("db1", 12, 25), 0)
        self.assertEqual(disturbances.calm("db1", 0, 12), 10)
        self.assertEqual(disturbances.calm("db3", 0, 10), 10)
        self.assertTrue(disturbances.at("db1", 12))
        self.assertFalse(disturbances.at("db1", 9))


if __name__ == "__main__":
    unittest.main()
