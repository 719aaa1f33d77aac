"""Who may do what on the dashboard's API: a walk over the whole contract, without a token and with each kind of one."""
import concurrent.futures
import hashlib
import os
import pty
import re
import signal
import socket
import stat
import subprocess
import termios
import time
import unittest

import contract
from program import TOCSIN, require_tocsin, tocsin
from served import ANY_PORT, Served, basic, token_entry, user_entry
from servers import wait_until
from watched import ENGINE
from web import API, Web, quoted

OPEN = {"/", "/healthz", "/readyz"}  # they hold nothing that is worth a login
OTHERS = {"/metrics"}  # what stands beside the API, and is read like it
READER, ACTOR, WRONG = "reader-s3cret", "actor-s3cret", "wrong-s3cret"
# What a walk sends: it must never get so far as to be looked at.
BODIES = {"createSilence": {"scope": "*", "seconds": 60, "reason": "x"}, "extendSilence": {"end": "2030-01-01T00:00:00.000Z"},
          "acknowledge": {"host": "x", "service": "", "reason": ""}}


def setUpModule():
    require_tocsin()


def walk(host):
    """(method, URL path, body) of each operation of the contract, and of all that is beside it."""
    for (method, path), operation in contract.OPERATIONS.items():
        url = re.sub("{(silence|acknowledgement)}", "1", path.replace("{host}", quoted(host)))
        url = re.sub("{.*?}", "x", url)
        url += {"/routes": f"?host={quoted(host)}", "/silences/preview": "?scope=*"}.get(path, "")
        body = BODIES.get(operation["operationId"], {}) if method in ("POST", "PATCH") else None
        yield method, API + url, body
    for path in OTHERS:
        yield "GET", path, None


class Walked(Served):
    def expect(self, web, reads, acts, **more):
        """What reading and acting are answered; a number of `more` is one of headers."""
        for method, path, body in walk(self.host):
            if path.endswith("/events") and reads == 200:
                method = "HEAD"
            wanted = reads if method in ("GET", "HEAD") else acts
            with self.subTest(method=method, path=path):
                status = web.ask(method, path, body, **more).status
                if wanted == 200:  # what is asked for may not be there
                    self.assertIn(status, (200, 404))
                else:
                    self.assertEqual(status, wanted)

    def assert_nothing_was_done(self, web):
        self.assertEqual(web.get("/silences?ended=true")["silences"], [])
        self.assertEqual(web.get("/acknowledgements")["acknowledgements"], [])


class Loopback(Walked):
    def test_reads_without_a_login_and_does_nothing(self):
        web = self.serve()
        stranger = self.client(token=None)
        self.expect(stranger, reads=200, acts=401)
        self.assertEqual(stranger.get("/session"), {"name": "", "role": "read"})
        self.assertIn("tocsin web-token", stranger.post("/silences", {}, 401)["detail"])
        self.assert_nothing_was_done(web)
        self.assertEqual(web.get("/session"), {"name": "dashboard", "role": "act"})

    def test_a_wrong_login_may_not_even_read(self):
        self.serve()
        for login in ("Bearer " + WRONG, "Bearer ", "Bearer", "bearer x", "Basic YTpi", "", "Bearer " + 8000 * "x",
                      "Bearer " + hashlib.sha256(READER.encode()).hexdigest()):
            with self.subTest(login=login[:20]):
                self.expect(self.client(token=None), reads=401, acts=401, headers={"Authorization": login})

    def test_the_hash_of_a_token_is_no_token(self):
        entry = token_entry(ACTOR)
        self.serve(web={"tokens": [entry]})
        self.client(entry["hash"]).get("/session", 401)

    def test_a_reader_may_read(self):
        web = self.serve(web={"tokens": [token_entry(READER, "bob", "read"), token_entry(ACTOR, "alice", "act")]})
        self.expect(self.client(READER), reads=200, acts=403)
        self.assertEqual(self.client(READER).get("/session"), {"name": "bob", "role": "read"})
        self.assert_nothing_was_done(web)
        made = self.client(ACTOR).post("/silences", {"scope": self.host, "seconds": 60, "reason": "x"}, 201)
        self.assertEqual(made["by"], "alice")
        self.running.wait_for_line("silenced by alice", 3)

    def test_the_order_of_path_and_method_opens_nothing(self):
        """Spellings that a proxy, or a router, might take for another path."""
        self.serve()
        stranger = self.client(token=None)
        for path in ("/api/v1/silences", "/api/v1/silences/", "/api/v1/%73ilences", "/api/v1/silences?x", "//api/v1/silences",
                     "/api/v1//silences", "/api/v1/./silences", "/api/v1/x/../silences", "/API/v1/silences",
                     "/api/v1/silences%2f", "/api/v1/silences;x", "/api/v1/silences%00", "/x/api/v1/silences"):
            for method in ("POST", "post", "PUT", "OPTIONS", "TRACE", "CONNECT", "DELETE", "PATCH", "X"):
                with self.subTest(method=method, path=path):
                    status = Web.ask(_Unchecked(stranger.url), method, path, {}).status
                    self.assertIn(status, (400, 401, 404, 405))

    def test_methods_in_headers_are_not_believed(self):
        self.serve()
        for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
            answer = self.client(token=None).ask("GET", API + "/silences", headers={name: "POST"})
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.json["silences"], [])


class _Unchecked(Web):
    """For paths that are none of the contract's."""

    def _checked(self, method, path, answer):
        return answer


class Open(Walked):
    """Listens on all addresses, so that others may connect."""

    def test_nothing_is_read_without_a_login(self):
        self.serve(web={"listen": "0.0.0.0:0", "tokens": [token_entry(READER, "bob", "read"), token_entry(ACTOR)]})
        url = self.url().replace("0.0.0.0", "127.0.0.1")
        stranger = Web(url)
        self.expect(stranger, reads=401, acts=401)
        for path in OPEN:
            self.assertEqual(stranger.ask("GET", path).status, 200, path)
        self.assertEqual(Web(url).ask("GET", API + "/nothing").status, 401, "nor is it said what is not there")
        self.expect(Web(url, READER), reads=200, acts=403)
        self.assertEqual(Web(url, ACTOR).get("/session")["role"], "act")

    def test_a_user_named_by_anybody_is_nobody(self):
        """Neither by a header that a proxy would set, where there is no proxy, nor with an address in one."""
        self.serve(web={"listen": "0.0.0.0:0", "proxy": {"addresses": ["192.0.2.1"], "role": "act"}})
        stranger = Web(self.url().replace("0.0.0.0", "127.0.0.1"))
        for headers in ({"Remote-User": "root"}, {"Remote-User": "root", "X-Forwarded-For": "192.0.2.1"},
                        {"Remote-User": "root", "Forwarded": "for=192.0.2.1"},
                        {"Remote-User": "root", "X-Real-IP": "192.0.2.1"}):
            with self.subTest(headers=headers):
                self.expect(stranger, reads=401, acts=401, headers=headers)


class Proxied(Walked):
    PROXY = {"proxy": {"addresses": ["127.0.0.1"], "userHeader": "X-User", "role": "act"}}

    def test_the_proxy_names_the_user(self):
        self.serve(web=self.PROXY)
        web = self.client(token=None)
        user = {"headers": {"X-User": "carol"}}
        self.assertEqual(web.get("/session", **user), {"name": "carol", "role": "act"})
        made = web.post("/silences", {"scope": self.host, "seconds": 60, "reason": "x"}, 201, **user)
        self.assertEqual(made["by"], "carol")
        self.running.wait_for_line("silenced by carol", 3)

    def test_without_a_user_the_proxy_gets_nothing(self):
        self.serve(web=self.PROXY)
        web = self.client(token=None)
        for headers in ({}, {"X-User": ""}, {"Remote-User": "carol"}):
            with self.subTest(headers=headers):
                self.expect(web, reads=401, acts=401, headers=headers)

    def test_a_reading_proxy_lets_nobody_act(self):
        self.serve(web={"proxy": {**self.PROXY["proxy"], "role": "read"}})
        self.expect(self.client(token=None), reads=200, acts=403, headers={"X-User": "carol"})

    def test_a_user_cannot_forge_the_log(self):
        self.serve(web=self.PROXY)
        web = self.client(token=None)
        name = "carol\x1b[2J\u202e"
        made = web.ask("POST", API + "/silences", {"scope": self.host, "seconds": 60, "reason": "x"},
                       headers={"X-User": name.encode().decode("latin-1")})
        if made.status == 201:
            self.running.wait_for_line("silence of", 3)
        self.assertNotIn("\x1b[2J", self.running.output())


class FromBrowsers(Walked):
    def silence(self, web, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.ask("POST", API + "/silences", {"scope": self.host, "seconds": 60, "reason": "x"},
                       headers=names).status

    def test_a_foreign_name_is_refused(self):
        web = self.serve(web={"allowedHosts": ["tocsin.example.com"]})
        for name, status in (("evil.example", 421), (f"evil.example:{web.port}", 421), ("localhost.evil.example", 421),
                             ("tocsin.example.com.evil.example", 421), ("xtocsin.example.com", 421), ("", 421),
                             ("127.0.0.1.evil.example", 421), ("evil.example@127.0.0.1", 421), ("2130706433", 421),
                             ("[::1].evil.example", 421), ("[", 421), ("]", 421),
                             ("localhost", 200), ("LOCALHOST:80", 200), ("x.localhost", 200), ("TOCSIN.example.com", 200),
                             ("tocsin.example.com:443", 200), ("[::1]:80", 200), ("10.0.0.1", 200)):
            with self.subTest(name=name):
                for path in ("/", "/healthz", API + "/counts", "/metrics", API + "/nothing"):
                    answer = web.ask("GET", path, headers={"Host": name})
                    self.assertEqual(answer.status, 404 if "nothing" in path and status == 200 else status, path)

    def test_another_site_cannot_act(self):
        web = self.serve()
        own = f"http://127.0.0.1:{web.port}"
        for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Sec_Fetch_Site": ""},
                        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""},
                        {"Origin": "http://127.0.0.1:1"}, {"Origin": own, "Sec_Fetch_Site": "cross-site"},
                        {"Origin": own + ".evil.example"}, {"Origin": f"http://evil.example?http://127.0.0.1:{web.port}"}):
            with self.subTest(headers=headers):
                self.assertEqual(self.silence(web, **headers), 403)
        self.assert_nothing_was_done(web)
        for headers in ({"Sec_Fetch_Site": "same-origin"}, {"Sec_Fetch_Site": "none"}, {"Origin": own}, {}):
            with self.subTest(headers=headers):
                self.assertEqual(self.silence(web, **headers), 201)

    def test_only_json_acts(self):
        web = self.serve()
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", None,
                     "application/jsonx", "text/plain; application/json", "application/json, text/plain"):
            with self.subTest(kind=kind):
                self.assertEqual(self.silence(web, Content_Type=kind), 415)
        self.assert_nothing_was_done(web)

    def test_json_may_name_its_charset(self):
        self.assertEqual(self.silence(self.serve(), Content_Type="application/json; charset=utf-8"), 201)


class BasePath(Served):
    def test_serves_below_it(self):
        self.serve(web={"basePath": "/tools/tocsin"})
        web = Web(self.url().rstrip("/") + "/tools/tocsin", (self.data / "web.token").read_text().strip())
        self.assertEqual(web.get("/overview")["names"], [self.host])
        page = web.ask("GET", "/")
        self.assertEqual(page.status, 200)
        for name in re.findall(rb'(?:src|href)="([^"]+)"', page.body):
            self.assertTrue(name.startswith(b"./") or name.startswith(b"data:") or b"/" not in name, name)
        web.post("/silences", {"scope": self.host, "seconds": 60, "reason": "x"}, 201)
        self.assertEqual(Web(self.url() + "tools/tocsinx").ask("GET", API + "/overview").status, 404)

    def test_without_a_slash_it_leads_to_the_page(self):
        """Relative links of the page would lead beside it."""
        self.serve(web={"basePath": "/tools/tocsin"})
        answer = Web(self.url()).ask("GET", "/tools/tocsin")
        self.assertIn(answer.status, (301, 302, 307, 308), answer)
        self.assertTrue(answer.headers["location"].endswith("tocsin/"))


class Tokens(Served):
    def mode(self, name="web.token"):
        return stat.S_IMODE(os.stat(self.data / name).st_mode)

    def test_the_file_is_its_owner_s_alone(self):
        web = self.serve()
        self.assertEqual(self.mode(), 0o600)
        self.assertRegex(web.token, r"^[0-9a-f]{48}$")
        self.assertNotIn(web.token, self.running.output())

    def test_outlives_the_run_and_can_be_replaced(self):
        web = self.serve()
        before = web.token
        self.assertEqual(self.again().token, before)
        (self.data / "web.token").unlink()
        after = self.again()
        self.assertNotEqual(after.token, before)
        self.client(before).get("/session", 401)
        self.assertEqual(after.get("/session")["role"], "act")

    def test_an_empty_file_is_no_token(self):
        self.data.mkdir()
        for text in ("", "\n", "\r\n\n"):
            (self.data / "web.token").write_text(text)
            with self.subTest(text=text):
                self.serve()
                self.assertRegex(self.client().token, r"^[0-9a-f]{48}$")
                self.client(token=None).ask("GET", API + "/session", headers={"Authorization": "Bearer "})
                self.running.stop()
                self.host = next(self.unused_hosts)

    def test_the_command_prints_it(self):
        web = self.serve()
        done = tocsin("web-token", "-c", self.file, "--data-dir", self.data)
        self.assertEqual((done.returncode, done.stdout), (0, web.token + "\n"), done)

    def test_the_command_makes_it_before_the_first_run(self):
        self.configure(web=ANY_PORT)
        self.data.mkdir()
        done = tocsin("web-token", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(self.mode(), 0o600)
        self.running = self.start_tocsin()
        self.assertEqual(self.client().token, done.stdout.strip())

    def test_the_command_makes_one_for_the_configuration(self):
        self.configure()
        done = tocsin("web-token", "-c", self.file, "--data-dir", self.data, "--new", "alice\x1b[2J", "--role", "act")
        self.assertEqual(done.returncode, 0, done)
        self.assertNotIn("\x1b", done.stdout)
        token = re.search(r"token: (\S+)", done.stdout)[1]
        self.assertIn(hashlib.sha256(token.encode()).hexdigest(), done.stdout)
        self.assertFalse((self.data / "web.token").exists())
        self.serve(web={"tokens": [token_entry(token, "alice")]})
        self.assertEqual(self.client(token).get("/session"), {"name": "alice", "role": "act"})

    def test_a_token_that_was_taken_out_is_refused_after_a_reload(self):
        self.serve(web={"tokens": [token_entry(ACTOR)]})
        gone = self.client(ACTOR)
        stream = self.enterContext(gone.listen())
        self.configure(web={"listen": f"127.0.0.1:{gone.port}"})
        self.assertEqual(tocsin("reload", "-c", self.file, "--data-dir", self.data).returncode, 0)
        wait_until(lambda: len([line for line in self.running.lines if "dashboard: http" in line]) == 2, 10,
                   "it serves again")
        gone.get("/session", 401)
        with self.assertRaises(ConnectionError):
            while True:
                stream.event()


PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}  # what a browser says where somebody opens one
CHALLENGE = 'Basic realm="tocsin", charset="UTF-8"'


class Passwords(Walked):
    PASSWORD = "p\u00e4ss:w\u00f6rd \u2603"  # with a colon, and of more than ASCII

    def serve_users(self, **more):
        users = [user_entry(self.PASSWORD), user_entry("builder", "bob", "read")]
        return self.serve(web={"users": users, **more})

    def test_let_read_and_act(self):
        self.serve_users(listen="0.0.0.0:0")
        self.running.wait_for_line("cross the network readable", 3)
        web = Web(self.url().replace("0.0.0.0", "127.0.0.1"))
        self.expect(web, reads=401, acts=401)
        self.expect(web, reads=200, acts=403, headers=basic("builder", "bob"))
        alice = {"headers": basic(self.PASSWORD)}
        self.assertEqual(web.get("/session", **alice), {"name": "alice", "role": "act", "login": "login"})
        made = web.post("/silences", {"scope": self.host, "seconds": 60, "reason": "x"}, 201, **alice)
        self.assertEqual(made["by"], "alice")
        self.running.wait_for_line("silenced by alice", 3)
        for path in OPEN:
            self.assertEqual(web.ask("GET", path).status, 200, path)

    def test_that_are_wrong_let_nobody_even_read(self):
        self.serve_users()
        for login in (basic("builder"), basic(self.PASSWORD, "bob"), basic(self.PASSWORD, "mallory")):
            self.expect(self.client(token=None), reads=401, acts=401, headers=login)
        self.assertNotIn(self.PASSWORD, self.running.output())

    def test_that_are_no_passwords_are_refused(self):
        web = self.serve_users()
        web.token = None
        for login in ("Basic", "Basic ", "Basic !!!!", "Basic YWxpY2U=", "Basic YWxpY2U6\u00e4", "Basic " + 4096 * "A",
                      "Basic " + 4096 * "=", basic("a\nb")["Authorization"], basic("a\0b")["Authorization"],
                      basic(user_entry(self.PASSWORD)["passwordHash"])["Authorization"], basic(3000 * "x")["Authorization"]):
            with self.subTest(login=login[:30]):
                self.assertEqual(web.ask("GET", API + "/session", headers={"Authorization": login.encode()}).status, 401)

    def test_may_be_long(self):
        password = 1500 * "\u00e4"
        web = self.serve(web={"users": [user_entry(password)]})
        web.token = None
        self.assertEqual(web.get("/session", headers=basic(password))["name"], "alice")

    def test_are_asked_for_where_somebody_opens_a_page(self):
        """A script in a page must not bring up the browser's dialog while somebody reads."""
        web = self.serve_users()
        web.token = None
        for path in ("/login", API + "/nothing", "/"):
            wrong = web.ask("GET", path, headers={**PAGE, **basic("wrong")})
            self.assertEqual((wrong.status, wrong.headers["www-authenticate"]), (401, CHALLENGE), path)
        asked = web.ask("GET", "/login", headers={"Sec-Fetch-Mode": "navigate"})
        self.assertEqual((asked.status, asked.headers["www-authenticate"]), (401, CHALLENGE))
        for headers in ({}, {"Accept": "application/json"}, {**PAGE, "Sec-Fetch-Mode": "cors"}):
            for path in ("/login", API + "/session"):
                refused = web.ask("GET", path, headers={**headers, **basic("wrong")})
                self.assertEqual((refused.status, refused.headers["www-authenticate"]), (401, "Bearer"), headers)
                self.assertEqual(refused.json["login"], "login")
        right = web.ask("GET", "/login", headers={**PAGE, **basic(self.PASSWORD)})
        self.assertEqual((right.status, right.headers["location"]), (303, "./"))

    def test_are_not_asked_for_where_nobody_has_one(self):
        web = self.serve()
        self.assertEqual(web.ask("GET", "/login").status, 303, "a token will do")
        refused = Web(web.url).ask("GET", "/login", headers=PAGE)
        self.assertEqual((refused.status, refused.headers["www-authenticate"]), (401, "Bearer"))
        self.assertNotIn("login", refused.json)
        self.assertNotIn("login", web.get("/session"))

    def test_do_not_let_another_site_act(self):
        """Browsers send them by themselves."""
        web = self.serve_users()
        web.token = None
        silence = {"scope": self.host, "seconds": 60, "reason": "x"}
        for headers, status in (({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403),
                                ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403),
                                ({"Content-Type": "text/plain"}, 415), ({"Host": "evil.example"}, 421)):
            with self.subTest(headers=headers):
                answer = web.ask("POST", API + "/silences", silence, headers={**headers, **basic(self.PASSWORD)})
                self.assertEqual(answer.status, status)
        self.assertEqual(web.get("/silences?ended=true")["silences"], [])

    def test_that_are_guessed_hold_nothing_up(self):
        web = self.serve_users()
        web.token = None
        right = {"headers": basic(self.PASSWORD)}
        web.get("/session", **right)
        asked = self.running.output().count("refused a login")

        def guess(number):
            return web.ask("GET", API + "/session", headers=basic(f"guess {number}")).status

        with concurrent.futures.ThreadPoolExecutor(20) as guessers:
            guesses = [guessers.submit(guess, number) for number in range(20)]
            waits = []
            while not all(one.done() for one in guesses):
                begin = time.monotonic()
                self.assertEqual(web.ask("GET", "/healthz").status, 200)
                web.get("/session", **right)  # who is in stays in
                waits.append(time.monotonic() - begin)
        statuses = [one.result() for one in guesses]
        self.assertLessEqual(set(statuses), {401, 429, 503})
        self.assertLessEqual(statuses.count(401), 10)
        self.assertLess(max(waits), 1, waits)
        self.running.wait_for_line("refused a login of user `alice` from 127.0.0.1: wrong password", 3)
        self.assertEqual(self.running.output().count("refused a login"), asked + 1)

    def test_that_are_guessed_have_to_wait(self):
        web = self.serve_users()
        web.token = None
        for number in range(4):
            web.get("/session", 401, headers=basic(f"guess {number}"))
            web.get("/session", 401, headers=basic("of yesterday"))  # repeats count once
        limited = web.ask("GET", API + "/session", headers=basic(self.PASSWORD))
        self.assertEqual(limited.status, 429)
        self.assertRegex(limited.headers["retry-after"], r"^[1-9]\d?$")
        web.get("/session")  # without a login all is as before
        wait_until(lambda: web.ask("GET", API + "/session", headers=basic(self.PASSWORD)).status == 200, 10, "the wait is over")

    def test_that_were_taken_out_are_refused_after_a_reload(self):
        web = self.serve_users()
        web.token = None
        web.get("/session", headers=basic(self.PASSWORD))
        self.configure(web={"listen": f"127.0.0.1:{web.port}", "users": [user_entry("another")]})
        self.assertEqual(tocsin("reload", "-c", self.file, "--data-dir", self.data).returncode, 0)
        wait_until(lambda: len([line for line in self.running.lines if "dashboard: http" in line]) == 2, 10,
                   "it serves again")
        web.get("/session", 401, headers=basic(self.PASSWORD))
        self.assertEqual(web.get("/session", headers=basic("another"))["name"], "alice")


class NewPasswords(Served):
    """`tocsin web-password`."""

    def hash(self, output):
        return re.search(r"passwordHash: '(\$scrypt\$\S+)'", output)[1]

    def test_become_an_entry_of_the_configuration(self):
        password = "p\u00e4ss:w\u00f6rd \u2603"
        done = subprocess.run([TOCSIN, "web-password", "o'hara", "--role", "act"], input=password + "\n", capture_output=True,
                              encoding="utf-8", timeout=30)
        self.assertEqual(done.returncode, 0, done)
        self.assertNotIn(password, done.stdout + done.stderr)
        self.assertIn("- name: 'o''hara'\n", done.stdout)
        web = self.serve(web={"users": [{"name": "o'hara", "passwordHash": self.hash(done.stdout), "role": "act"}]})
        web.token = None
        self.assertEqual(web.get("/session", headers=basic(password, "o'hara"))["role"], "act")

    def test_that_cannot_be_used_are_one_error(self):
        for name, given, words in (("a:b", "x\n", "must have no colon"), ("", "x\n", "must not be empty"),
                                   ("a\x1b[2J", "x\n", "the name "), ("alice", "", "no password was given"),
                                   ("alice", "\n", "no password was given"), ("alice", "a\tb\n", "control characters"),
                                   ("alice", 5000 * "x" + "\n", "control characters")):
            with self.subTest(name=name, given=given[:10]):
                done = subprocess.run([TOCSIN, "web-password", name], input=given, capture_output=True, encoding="utf-8",
                                      timeout=30)
                self.assertEqual((done.returncode, done.stdout), (1, ""), done)
                self.assertIn(words, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1)
                self.assertNotIn("\x1b", done.stderr)

    def typed(self, *lines):
        """Types them where it asks; answers the exit code, what the terminal shows and its last flags."""
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        self.addCleanup(os.close, follower)
        running = subprocess.Popen([TOCSIN, "web-password", "alice"], stdin=follower, stdout=follower, stderr=follower,
                                   start_new_session=True, preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)))
        self.addCleanup(running.kill)
        shown = ""
        for number, line in enumerate(lines, 1):
            while shown.count(": ") < number or termios.tcgetattr(follower)[3] & termios.ECHO:
                if shown.count(": ") < number:
                    shown += os.read(leader, 4096).decode()
                time.sleep(0.01)
            os.write(leader, line.encode())
        os.set_blocking(leader, False)
        code = running.wait(20)
        try:
            while piece := os.read(leader, 4096):
                shown += piece.decode()
        except (BlockingIOError, OSError):
            pass
        return code, shown, termios.tcgetattr(follower)[3]

    def test_are_typed_twice_and_not_shown(self):
        code, shown, flags = self.typed("s3same\n", "s3same\n")
        self.assertEqual(code, 0, shown)
        self.assertIn("password of alice: ", shown)
        self.assertIn("password of alice, again: ", shown)
        self.assertNotIn("s3same", shown)
        self.assertTrue(flags & termios.ECHO)
        self.hash(shown)

    def test_that_differ_are_refused(self):
        code, shown, _ = self.typed("s3same\n", "s3sam\n")
        self.assertEqual(code, 1)
        self.assertIn("the two passwords differ", shown)

    def test_leave_the_terminal_as_it_was_after_a_break(self):
        code, shown, flags = self.typed("\x03")
        self.assertEqual(code, -signal.SIGINT, shown)
        self.assertTrue(flags & termios.ECHO)


class Mistakes(Served):
    CASES = (
        ({"listen": "0.0.0.0:8484"}, "listen", "`listen` is open to other machines"),
        ({"listen": "[::]:8484"}, "listen", "`listen` is open to other machines"),
        ({"listen": "10.1.2.3:1", "tokens": []}, "listen", "`listen` is open to other machines"),
        ({"listen": "127.0.0.1"}, "listen", "must be an address and a port"),
        ({"listen": "localhost:1"}, "listen", "must be an address and a port"),
        ({"listen": "127.0.0.1:65536"}, "listen", "must be an address and a port"),
        ({"listen": "::1:80"}, "listen", "must be an address and a port"),
        ({"basePath": "tocsin"}, "basePath", "must be a path"),
        ({"basePath": "/a/../b"}, "basePath", "must be a path"),
        ({"tokens": [{"name": "a", "hash": ACTOR}]}, "hash", "must be a SHA-256"),
        ({"tokens": [{"name": "", "hash": 64 * "0"}]}, "name", "empty"),
        ({"tokens": [token_entry("x"), token_entry("y")]}, "name", "appear twice"),
        ({"tokens": [{**token_entry("x"), "role": "admin"}]}, "role", "admin"),
        ({"users": [{**user_entry("x"), "name": "a:b"}]}, "name", "must have no colon"),
        ({"users": [{"name": "a", "passwordHash": ACTOR}]}, "passwordHash", "must be a hash such as"),
        ({"users": [{"name": "a", "passwordHash": user_entry("x")["passwordHash"].replace("ln=14", "ln=13")}]}, "passwordHash",
         "must take 16 to 64 MB"),
        ({"users": [user_entry("x"), user_entry("y")]}, "name", "appear twice"),
        ({"proxy": {"addresses": ["proxy.example"]}}, "proxy.example", "must hold IP addresses"),
        ({"proxy": {"userHeader": "X User"}}, "userHeader", "must be the name of an HTTP header"),
    )

    def test_have_a_line_and_a_column(self):
        for web, key, words in self.CASES:
            with self.subTest(web=web):
                self.configure(web={**ANY_PORT, **web})
                done = tocsin("validate", "-c", self.file)
                line = next((line for line in (done.stdout + done.stderr).splitlines() if words in line), None)
                self.assertEqual((done.returncode, line is not None), (2, True), done)
                place = re.match(r".*tocsin\.yaml:(\d+):(\d+): ", line)
                self.assertTrue(place, line)
                said = "\n".join(self.file.read_text().splitlines()[int(place[1]) - 1:int(place[1]) + 2])
                self.assertIn((list(web.values())[0] if key == "listen" else key), said)

    def test_no_secret_is_in_a_finding(self):
        self.configure(web={"tokens": [{"name": "a", "hash": ACTOR}], "users": [{"name": "a", "passwordHash": ACTOR}]})
        done = tocsin("validate", "-c", self.file)
        self.assertNotIn(ACTOR, done.stdout + done.stderr)


class TakenPort(Served):
    def test_is_one_error_and_alerts_go_on(self):
        desk = self.receiver()
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            self.running = self.run_tocsin(self.webhook(desk), web={"listen": f"127.0.0.1:{port}"})
            self.running.wait_for_line("alerts are not affected")
            self.manager.stop(ENGINE)
            self.assertEqual(self.states(desk.wait_for(1)), [(ENGINE, "STOPPED")])
            said = [line for line in self.running.lines if "dashboard" in line]
            self.assertEqual(len(said), 1, said)
            self.assertIn(" error ", said[0].lower())
            self.assertIn(f"127.0.0.1:{port}", said[0])
            self.assertEqual(self.running.stop(), 0)

    def test_one_that_is_switched_off_is_not_opened(self):
        self.running = self.run_tocsin(web={"enable": False})
        self.assertEqual([line for line in self.running.lines if "dashboard" in line], [])
        self.assertFalse((self.data / "web.token").exists())


if __name__ == "__main__":
    unittest.main()
