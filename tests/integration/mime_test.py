"""What we write as mails, read by Python's email package: hostile and random texts arrive as they were
meant, and nothing in them becomes a header or a part."""
import datetime
import email
import email.header
import email.policy
import email.utils
import json
import os
import random
import re
import subprocess
import unittest

WRITE_MAILS = os.environ.get("TOCSIN_WRITE_MAILS", "")
PLAIN = {"fromName": "Services", "from": "tocsin@example.com", "toName": "", "to": "ops@example.org",
         "subject": "Spooler is STOPPED", "text": "stopped\n", "html": "<p>stopped</p>\n",
         "date": 1_795_633_754_000, "id": "0190a0b0-0000-7000-8000-000000000001.tocsin",
         "service": "Spooler"}
HEADERS = ["from", "to", "subject", "date", "message-id", "x-priority", "x-msmail-priority",
           "importance", "auto-submitted", "x-auto-response-suppress", "x-tocsin-service",
           "mime-version", "content-type"]
HOSTILE = [
    "", " ", "a b", " leading", "trailing ", "two  spaces", "MSSQL$INSTANCE & <co> \"quoted\" 'x' \\",
    "x\r\nBcc: evil@example.com", "x\nBcc: evil@example.com\n\nbody", "x\r\n\r\n--=_\r\n", "\r", "\0",
    "=?UTF-8?B?ZXZpbA==?=", "=?UTF-8?Q?=0D=0ABcc:_evil?=", "=?", "?=", "a=3Db", "=", "==",
    "J\u00fcrgen \u00c5ngstr\u00f6m", "\u65e5\u672c\u8a9e\u306e\u30b5\u30fc\u30d3\u30b9", "\U0001f514",
    "\U0001f469\u200d\U0001f4bb " * 20, "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\u202eevil\u202c", "\u2028line\u2029", "\u0085next", "e\u0301" * 60, "\ufeffbom", "\ufffd",
    "x" * 60, "x" * 77, "x" * 78, "x" * 1000, "word " * 200, "\u76e3" * 300, "a" * 68 + "\u00e4",
    "., ;:<>@[]()\"", "(comment) \\", "\"", "\\", "\t", "tab\tbed", "\x1b[31mred", "\x7f",
    ".", "..", ".\r\n.\r\n", "From here", "\nFrom here\n.\n", "trailing \nblanks\t\n",
    "--=_0190a0b0-0000-7000-8000-000000000001.tocsin--",
    "\n--=_0190a0b0-0000-7000-8000-000000000001.tocsin\nContent-Type: text/html\n\nevil\n",
]
# What may end a line or control a terminal, as write_mail() says.
CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")


def setUpModule():
    if not WRITE_MAILS:
        raise unittest.SkipTest("TOCSIN_WRITE_MAILS does not name the program that writes mails")


def written(*wishes):
    """The mails, as bytes."""
    lines = "".join(json.dumps({**PLAIN, **wish}) + "\n" for wish in wishes)
    done = subprocess.run([WRITE_MAILS], input=lines, capture_output=True, text=True, timeout=120,
                          check=True)
    return [json.loads(line).encode("ascii") for line in done.stdout.splitlines()]


def lines_of(text):
    """A body whose kinds of line ends do not count; one at its end comes by itself."""
    text = text.replace("\r\n", "\n")
    return text if not text or text.endswith("\n") else text + "\n"


class Read(unittest.TestCase):
    def check(self, wish):
        """Returns the message as Python reads it, when it is what was wished for."""
        wish = {**PLAIN, **wish}
        return self.check_read(wish, written(wish)[0])

    def check_read(self, wish, mail):
        head, _, _ = mail.partition(b"\r\n\r\n")
        self.assertNotRegex(mail, rb"[^\r]\n|\r[^\n]", "only CRLF ends lines")
        self.assertTrue(mail.endswith(b"\r\n"))
        self.assertLessEqual(max(len(line) for line in mail.split(b"\r\n")), 998)
        self.assertLessEqual(max(len(line) for line in mail.split(b"\r\n\r\n", 1)[1].split(b"\r\n")), 76)
        # An address cannot be folded.
        self.assertLessEqual(max(len(line) for line in head.split(b"\r\n") if b"@" not in line), 78)
        for word in re.findall(rb"=\?UTF-8\?B\?[^ \r\n]*", head):
            self.assertLessEqual(len(word), 75)
        message = email.message_from_bytes(mail, policy=email.policy.SMTP)
        self.assertEqual([name.lower() for name in message.keys()],
                         HEADERS if wish["html"] else [*HEADERS, "content-transfer-encoding"])
        self.assertEqual(message.defects, [])
        for name in message.keys():
            self.assertEqual(message[name].defects, (), name)
        expected = {key: CONTROL.sub(" ", wish[key]) for key in ("subject", "service", "fromName", "toName")}
        self.assertEqual(message["subject"], expected["subject"])
        self.assertEqual(message["x-tocsin-service"], expected["service"])
        for header, name, address in (("from", "fromName", "from"), ("to", "toName", "to")):
            read, = message[header].addresses
            self.assertEqual(read.addr_spec, wish[address])
            # The newer parser loses blanks of names, and finds some between encoded words.
            raw = email.message_from_bytes(mail, policy=email.policy.compat32)[header]
            read, _ = email.utils.parseaddr(re.sub(r"\r\n(?= )", "", raw))
            decoded = str(email.header.make_header(email.header.decode_header(read)))
            self.assertEqual(decoded, expected[name])
        self.assertEqual(message["date"].datetime,
                         datetime.datetime.fromtimestamp(wish["date"] // 1000, datetime.timezone.utc))
        self.assertEqual(message["message-id"], f"<{wish['id']}@{wish['from'].split('@')[1]}>")
        if wish["html"]:
            self.assertEqual(message.get_content_type(), "multipart/alternative")
            plain, html = message.iter_parts()
            self.assertEqual(html.get_content_type(), "text/html")
            self.assertEqual(self.content(html), lines_of(wish["html"]))
            self.assertEqual(html.defects, [])
        else:
            plain = message
        self.assertEqual((plain.get_content_type(), plain.get_content_charset()),
                         ("text/plain", "utf-8"))
        self.assertEqual(self.content(plain), lines_of(wish["text"]))
        return message

    @staticmethod
    def content(part):
        return part.get_payload(decode=True).decode("utf-8").replace("\r\n", "\n")

    def test_hostile_texts_everywhere(self):
        wishes = [{key: text} for text in HOSTILE
                  for key in ("subject", "service", "fromName", "toName", "text", "html")]
        for wish, mail in zip(wishes, written(*wishes), strict=True):
            with self.subTest(wish=wish):
                self.check_read({**PLAIN, **wish}, mail)

    def test_long_addresses(self):
        for size in (20, 60, 64):
            address = "a" * size + "@" + "b" * 60 + ".example"
            self.check({"from": address, "to": "x@y.example", "fromName": "x" * 50})

    def test_dates(self):
        for date in (0, 951_827_696_999, 1_795_633_754_000, 4_102_444_799_000):
            self.check({"date": date})

    def test_random_texts(self):
        seed = random.randrange(2 ** 32)
        chance = random.Random(seed)
        alphabets = ["abc xyz", "\r\n.=?_- \t", "\"\\<>(),;:@[]", "\u00e4\u00df\u00e9", "\u65e5\u672c",
                     "\U0001f514\U0001f469\u200d", "\u05e9\u202e", "\0\x1b\x7f\u0085\u2028"]

        def text(most):
            letters = "".join(chance.sample(alphabets, chance.randint(1, len(alphabets))))
            return "".join(chance.choice(letters) for _ in range(chance.randint(0, most)))

        wishes = [{"subject": text(300), "service": text(100), "fromName": text(120),
                   "toName": text(40), "text": text(2000), "html": text(2000)}
                  for _ in range(500)]
        for wish, mail in zip(wishes, written(*wishes), strict=True):
            with self.subTest(seed=seed, wish=wish):
                self.check_read({**PLAIN, **wish}, mail)


if __name__ == "__main__":
    unittest.main()
