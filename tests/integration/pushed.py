"""Changes that hosts have told by themselves."""
import re

from capture import FAULTS, tshark


def pushed(running, host, service):
    """The states of the service that the host told, by the program's log."""
    before, after = f" host {host}: pushed by the host: ", ", "
    said = "".join(line.partition(before)[2] + after for line in list(running.lines) if before in line)
    return re.findall(rf"{re.escape(service)} ([A-Z_]+), ", said)


def assert_calls_are_sound(test, file, port, password, **more):
    """tshark finds nothing wrong in the capture, but the calls that register for a change, wait for it and end that,
    each with answers."""
    def calls(kind):
        lines = tshark(file, port, password, f"svcctl && dcerpc.pkt_type == {kind}",
                       "dcerpc.opnum", "dcerpc.cn_call_id", **more)
        return {call for line in lines
                for call in zip(*(field.split(",") for field in line.split("\t")), strict=True)}
    test.assertEqual(tshark(file, port, password, FAULTS, **more), [])
    requests, answers = calls(kind=0), calls(kind=2)
    for opnum in ("47", "48", "49"):
        asked, answered = ({call for call in calls if call[0] == opnum} for calls in (requests, answers))
        test.assertTrue(answered, f"answers to {opnum}")
        test.assertLessEqual(answered, asked)
