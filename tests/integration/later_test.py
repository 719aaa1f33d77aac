"""Our schedules are those of @breejs/later, which Butler uses: thousands of random texts and cron
expressions are asked of both. Where the answers differ, the difference must be one of DIFFERENCES."""
import collections
import json
import os
import pathlib
import random
import shutil
import subprocess
import unittest

import schedule_texts

LIST_DUE = os.environ.get("TOCSIN_LIST_DUE", "")
PACKAGES = pathlib.Path(os.environ.get("TOCSIN_NODE_PACKAGES", "node")).absolute()
VERSION = "4.2.0"
SEED = 20_261_126
QUESTIONS = 5000

#: How later.js goes wrong, and how often random texts may find it, of a hundred.
DIFFERENCES = {
    "lists": ("looks values up as if each list were in order and had no `last` beside others; it "
              "answers as we do when they are put in order", 8),
    "never": ("answers only times that its own constraints do not allow, or none: the schedule is "
              "never due, which is a mistake for us", 8),
    "beginning": ("answers a time that its own constraints do not allow: the beginning of a period "
                  "that holds later only, or where it stops after a thousand tries", 3),
    "limits": ("gives a part of a field, as in `before 1:00`, the length of that part, and is due once "
               "in each of the smallest; some of these are shorter than one of their field, or "
               "than what is to be limited", 1),
    "gives up": ("finds no way on from an exception in which its period begins", 3),
}
#: More of it, for which no random texts are made: what it is asked, and what it answers for it.
KNOWN = (
    ("every minute", "refuses a step that is not written, and then takes the first of the field"),
    ("every 2 hours between the 1st and 5th hour", "refuses the unit after `between`"),
    ("at 9:00 except on mon except on tue", "breaks down over a second `except`"),
    ("every 1 hour before 1:00", "is due each second, though not for `before 2:00`"),
    ("0 0 * * 7", "reads Sunday's other number as Saturday"),
)


def lines_of(program, questions):
    done = subprocess.run(program, input="".join(json.dumps(question) + "\n" for question in questions),
                          capture_output=True, text=True, timeout=400, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def fetch_later():
    """The folder of the package, fetched with npm when it is not there yet."""
    folder = PACKAGES / "node_modules/@breejs/later"
    if not (folder / "package.json").exists():
        PACKAGES.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix",
                               str(PACKAGES), f"@breejs/later@{VERSION}"], capture_output=True,
                              text=True, timeout=120, check=False)
        if done.returncode:
            raise unittest.SkipTest(f"npm cannot fetch @breejs/later: {done.stderr.strip()[-200:]}")
    return folder


class Later(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not LIST_DUE:
            raise unittest.SkipTest("TOCSIN_LIST_DUE does not name the program that lists times")
        for program in ("node", "npm"):
            if not shutil.which(program):
                raise unittest.SkipTest(f"{program} is not installed")
        cls.program = ["node", str(pathlib.Path(__file__).with_name("later_due.js")),
                       str(fetch_later())]

    def ask(self, questions):
        """(question, what later.js answers, what we answer), for each."""
        ours = lines_of([LIST_DUE], questions)
        theirs = lines_of(self.program, [{**question, "ours": answer.get("due", [])}
                                         for question, answer in zip(questions, ours)])
        self.assertEqual(len(theirs), len(questions))
        self.assertEqual(len(ours), len(questions))
        return list(zip(questions, theirs, ours))

    def kind_of_difference(self, theirs, ours):
        """One of DIFFERENCES, or None. What we answer must always be allowed by later.js'
        constraints."""
        if theirs["forbiddenOurs"]:
            return None
        if "due" not in ours:
            never = set(theirs["ordered"]) == set(theirs["forbidden"])
            return "never" if never and "never due" in ours["expected"] else None
        if theirs["ordered"] == ours["due"]:
            return "lists"
        if theirs["forbidden"]:
            return "beginning"
        if len(theirs["ordered"]) < len(ours["due"]):
            return "gives up"
        if any(key.endswith(("_a", "_b")) for clause in theirs["definition"]["schedules"]
               for key in clause):
            return "limits"
        return None

    def test_random_schedules(self):
        generator = random.Random(SEED)
        questions = [schedule_texts.question(generator) for _ in range(QUESTIONS)]
        counts = collections.Counter()
        for question, theirs, ours in self.ask(questions):
            kind = "cron" if question["cron"] else "texts"
            counts[kind] += 1
            with self.subTest(question["text"], after=question["after"]):
                self.assertFalse(theirs["refused"])
                if theirs["due"] == ours.get("due"):
                    counts["equal"] += 1
                    counts[f"equal {kind}"] += 1
                    continue
                difference = self.kind_of_difference(theirs, ours)
                self.assertIsNotNone(difference, (theirs, ours))
                counts[difference] += 1
        print(f"\nseed {SEED}: {QUESTIONS} schedules, {counts['texts']} texts and {counts['cron']} "
              f"cron expressions, {schedule_texts.COUNT} times of each: {counts['equal']} equal "
              f"({counts['equal texts']} texts, {counts['equal cron']} cron expressions)")
        for difference, (reason, most) in DIFFERENCES.items():
            print(f"{counts[difference]} differ: later.js {reason}")
            self.assertLessEqual(counts[difference], QUESTIONS * most / 100)

    def test_known_differences(self):
        questions = [{"text": text, "cron": text.endswith("*") or text[0].isdigit(),
                      "after": 1_709_115_603_000, "count": 6} for text, _ in KNOWN]
        for (text, reason), (_, theirs, ours) in zip(KNOWN, self.ask(questions)):
            with self.subTest(text):
                self.assertEqual(len(ours["due"]), 6)
                self.assertTrue(theirs["refused"] or theirs["due"] != ours["due"])
                print(f"\n{text}: later.js {reason}", end="")
        print(f"\n{len(KNOWN)} known differences of which no random schedules are made")


if __name__ == "__main__":
    unittest.main()
