#!/usr/bin/env python3
"""Prints what each destination has been shown to do, and compares it with docs/destinations.md.

usage: conformance.py UNIT_NOTIFY UNIT_NET [--write]

A mark stands where a test of that behaviour has just passed: those over HTTP are all put through
ChannelConformance (tests/kit), the others show the same by tests of their own.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs/destinations.md"
BEGIN, END = "<!-- conformance -->\n", "<!-- /conformance -->\n"

# Column -> the tests of ChannelConformance that show it.
BEHAVIOURS = {
    "accepted": ["SuccessIsDelivered"],
    "refused: dead letter": ["ARefusalIsFinal"],
    "in between: an hour": ["WhatMayComeFromInBetweenIsTriedForAnHour"],
    "no success: again": ["ASuccessThatIsNoneIsTriedAgain"],
    "refused login: pause": ["ALoginThatIsRefusedWaitsAndWithoutOneItMayComeFromInBetween"],
    "failure: again": ["AFailureIsTriedAgain", "AnAnswerThatDoesNotArriveWholeIsTriedAgain",
                       "NobodyThereIsTriedAgain"],
    "its words": ["TheServersWordsArePassedOn"],
    "its pace": ["RetryAfterInSecondsIsHonoured", "RetryAfterAsADateIsHonoured",
                 "AMadRetryAfterIsNotBelieved"],
    "hangs": ["AServerThatHangsCostsNoMoreThanTheDeadline"],
    "floods": ["AHugeBodyIsNotKept"],
    "wrong certificate": ["ACertificateFromElsewhereIsNotAccepted",
                          "AnExpiredCertificateOrOneForAnotherNameIsNotAccepted"],
    "own authority": ["ACertificateFromTheAuthorityInTheFileIsAccepted",
                      "AnyCertificateIsAcceptedWhereTheUserSaysSo"],
    "repetition known": ["TheDeliveryCanBeToldApartFromItsRepetition"],
}

# Over HTTP: row -> its names in ChannelConformance.
OVER_HTTP = {
    "Webhook": ["get", "post", "put"], "Slack": ["slack"], "Teams": ["teams"],
    "New Relic": ["new_relic_events", "new_relic_logs"], "PagerDuty": ["pager_duty"],
    "Alertmanager": ["alertmanager"], "ntfy": ["ntfy"],
}

# Who logs in with an account, of those over HTTP; for the others the same test shows that 401 is one of
# the answers that may come from in between.
LOG_IN = {"Webhook", "Alertmanager", "ntfy"}
# Whose word is the status line alone: the same test shows that any body will do.
STATUS_SUFFICES = {"Webhook"}


def _mqtt(test):
    return [f"Versions/MqttClientTest.{test}/{version}" for version in ("Mqtt311", "Mqtt5")]


# The others: row -> column -> tests of their own. What is not there has no meaning there.
OTHERS = {
    "Email": {
        "accepted": ["SmtpClientTest.SendsWhatItIsGiven"],
        "refused: dead letter": ["SmtpClientTest.SaysWhatTheServerRefused"],
        "refused login: pause": ["LoginsTest.ThreeRecipientsMakeOneAttemptAPauseAndAllGoAtOnceInTheEnd",
                                 "JudgeSmtp.WhatAReplyMeans"],
        "failure: again": ["SmtpClientTest.ConnectionsThatBreak", "SmtpClientTest.NobodyListens"],
        "its words": ["SmtpClientTest.SaysWhatTheServerRefused"],
        "hangs": ["SmtpClientTest.ServersThatNeverAnswer", "SmtpClientTest.EndsWithAServerThatHangs"],
        "floods": ["SmtpReplyReaderTest.LinesBecomeReplies"],
        "wrong certificate": ["SmtpClientTest.Certificates"],
        "own authority": ["SmtpClientTest.Certificates"],
        "repetition known": ["EmailTest.ARepetitionIsTheSameMail"],
    },
    "MQTT": {
        "accepted": ["MqttDelivery.Delivered"],
        "refused: dead letter": ["MqttDelivery.EachFailure"],
        "refused login: pause": ["LoginsTest.ABrokerIsAskedOnceAPause",
                                 *_mqtt("ARefusedLoginIsNotRepeatedBeforeItsGuardAllowsIt")],
        "failure: again": ["MqttDelivery.EachFailure", *_mqtt("NobodyListens"),
                           *_mqtt("ABrokerThatDropsTheConnectionOnEachMessageLosesNothing")],
        "its words": ["MqttDelivery.EachFailure", *_mqtt("RefusedConnections")],
        "hangs": _mqtt("ABrokerThatAcknowledgesNothingIsGivenUp"),
        "floods": [*_mqtt("Garbage"), *_mqtt("GarbageInPlaceOfAnAcknowledgement")],
    },
    "InfluxDB (states)": {
        "accepted": ["InfluxTest.Version1WritesWithAPolicyAndAnAccount",
                     "InfluxTest.Version2WritesWithAToken",
                     "InfluxTest.Version3WritesWithABearer"],
        "refused: dead letter": ["InfluxTest.PointsThatAreAllRefusedAreRejected"],
        "no success: again": ["InfluxTest.ASuccessThatIsNoneIsTriedAgain"],
        "refused login: pause": [
            "InfluxTest.AnAccountThatIsRefusedIsSaidClearlyAndTriedAgain",
            "StatusStreamTest.ARefusedLoginIsTriedAgainOnlyWhenItsGateOpens"],
        "failure: again": ["InfluxTest.WhatIsNotAboutThePointsIsTriedAgain"],
        "its words": ["InfluxTest.AnAccountThatIsRefusedIsSaidClearlyAndTriedAgain"],
        "its pace": ["InfluxTest.WaitsAsLongAsItIsAskedTo"],
        "own authority": ["InfluxTest.CertificatesAreVerifiedAsConfigured"],
    },
}


def results(program, patterns):
    """Test -> whether it passed, of a GoogleTest program."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        done = subprocess.run([program, f"--gtest_filter={':'.join(patterns)}",
                               f"--gtest_output=json:{report.name}"], capture_output=True, text=True)
        suites = json.load(open(report.name, encoding="utf-8"))["testsuites"]
    if done.returncode != 0:
        print(done.stdout[-3000:])
    return {f"{suite['name']}.{test['name']}": not test.get("failures")
            and test["result"] == "COMPLETED" for suite in suites for test in suite["testsuite"]}


def tests_over_http(passed, channel, behaviour):
    """ChannelConformance's results for one channel: "Prefix/ChannelConformance.behaviour/channel"."""
    return [ok for name, ok in passed.items() if name.endswith(f".{behaviour}/{channel}")]


def table(passed):
    """The rows, and what is missing."""
    rows, missing = {}, []
    for row, channels in OVER_HTTP.items():
        rows[row] = {}
        for column, behaviours in BEHAVIOURS.items():
            shown = [tests_over_http(passed, channel, behaviour)
                     for channel in channels for behaviour in behaviours]
            rows[row][column] = all(shown) and all(map(all, shown))
            if not rows[row][column]:
                missing.append(f"{row}: {column}")
            elif column == "refused login: pause" and row not in LOG_IN:
                del rows[row][column]
            elif column == "no success: again" and row in STATUS_SUFFICES:
                del rows[row][column]
    for row, columns in OTHERS.items():
        rows[row] = {column: all(passed.get(test, False) for test in tests)
                     for column, tests in columns.items()}
        missing += [f"{row}: {column}" for column, shown in rows[row].items() if not shown]
    return rows, missing


def markdown(rows):
    marks = {True: "yes", False: "NO", None: ""}
    lines = [["", *BEHAVIOURS], ["---"] * (len(BEHAVIOURS) + 1)]
    lines += [[row, *(marks[columns.get(column)] for column in BEHAVIOURS)]
              for row, columns in rows.items()]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def main(unit_notify, unit_net, *options):
    others = sorted({test for columns in OTHERS.values() for tests in columns.values()
                     for test in tests})
    passed = results(unit_notify, ["*ChannelConformance*", *others]) | results(unit_net, others)
    rows, missing = table(passed)
    text = markdown(rows)
    print(text)
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    written, after = rest.split(END)
    if "--write" in options:
        PAGE.write_text(before + BEGIN + text + END + after, encoding="utf-8")
    elif written != text:
        missing.append(f"{PAGE} has another table; --write replaces it")
    for what in missing:
        print(f"not shown: {what}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
