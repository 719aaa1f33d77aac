"""The dashboard's pages in Chromium, served by the real program and by nginx in front of it."""
import time
import unittest

from browser import Browser
from nginx import Nginx
from program import configuration, require_tocsin
from served import ANY_PORT, SOON, Served, user_entry
from servers import free_port, wait_until
from watched import ENGINE, PROXY

# Invisible characters are refused in a configuration.
HOSTILE = ("<img src=x onerror=alert(1)>", "\U0001f525\u05d0\u0628", "'\"&amp;${7}{{7}}",
           "javascript:alert(1)", "a\u0301" + 40 * "\u0301", 200 * "W", "../../x")

SHOWN = "Engine"  # of its name, as of its display name, which comes later

# When what is looked for is first painted, in milliseconds since 1970; it must not be there yet. The page looks for it when this returns.
PAINTED = """
  const page = context.pages().at(-1);
  await page.evaluate((text) => {
    const there = () => [...document.querySelectorAll(text.where)].some((one) => one.textContent.includes(text.what));
    if (there()) throw new Error('it is there already');
    globalThis.painted = new Promise((resolve, reject) => {
      const end = performance.now() + 10_000;
      const look = () => { if (there()) resolve(Date.now()); else if (performance.now() > end) reject(new Error('never: ' + document.body.innerText)); else requestAnimationFrame(look); };
      look();
    });
    globalThis.painted.catch(() => {});
  }, data);
  globalThis.painted = page.evaluate(() => globalThis.painted);
  painted.catch(() => {});
"""


def setUpModule():
    require_tocsin()


class Dashboard(Served):
    SERVICES = (ENGINE, PROXY)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = cls.enterClassContext(Browser())

    def setUp(self):
        super().setUp()
        self.browser.begin()

    def serve(self, *webhooks, web=None, **more):
        self.configure(*webhooks, web={**ANY_PORT, **(web or {})}, **more)
        return self.served()

    def served(self):
        self.running = self.start_tocsin()
        web = self.client()
        wait_until(lambda: web.get("/counts")["hosts"]["unchecked"] == 0, 15, "all hosts are checked")
        return web

    def page(self, web, view=""):
        """The address of a view for one who may act."""
        return f"{web.url}/{view}#token={web.token}"

    def open(self, web, view="", live=True):
        self.browser.run("const page = await open(data.url); if (data.live) await live(page);", url=self.page(web, view), live=live)

    def see(self, text, where="body"):
        self.browser.run("await context.pages().at(-1).locator(data.where).filter({hasText: data.text}).first().waitFor()", text=text, where=where)

    def press(self, name):
        """The first button whose name begins so."""
        self.browser.run("await context.pages().at(-1).getByRole('button', {name: new RegExp('^' + data.name)}).first().click()", name=name)

    def assert_no_complaint(self):
        self.browser.run("await new Promise((resolve) => setTimeout(resolve, 100))")
        self.assertEqual(self.browser.complaints, [])


class Live(Dashboard):
    def test_a_stopped_service_is_shown_at_once(self):
        web = self.serve()
        with web.listen() as stream:
            self.open(web)
            took = []
            for _ in range(3):
                self.browser.run(PAINTED, where=".cards .troubled", what=self.host)
                self.manager.stop(ENGINE)
                stream.change(what="host", troubled=1)
                begun = time.time()
                took.append(self.browser.run("return await painted") / 1000 - begun)
                self.see(SHOWN, ".alerts tbody tr")
                self.manager.start(ENGINE)
                self.browser.run("await context.pages()[0].locator('.cards .troubled').waitFor({state: 'detached'})")
                time.sleep(0.5)
        print(f"painted after the event: {[f'{one * 1000:.0f} ms' for one in took]}", flush=True)
        self.assertLess(sorted(took)[1], SOON)
        self.assert_no_complaint()

    def test_six_tabs_share_a_stream(self):
        web = self.serve()
        for _ in range(7):
            self.open(web)
        self.assertEqual(web.get("/status")["streams"], 1)
        self.manager.stop(ENGINE)
        self.browser.run("""
          for (const page of context.pages()) {
            await page.bringToFront();
            await page.locator('.cards .troubled').waitFor();
          }
          for (const page of context.pages()) await page.close();""")
        wait_until(lambda: web.get("/status")["streams"] == 0, 20, "the stream ends with the last tab")
        self.assert_no_complaint()

    def test_comes_back_after_a_restart(self):
        web = self.serve(web={"listen": f"127.0.0.1:{free_port()}"})
        self.open(web)
        self.running.stop()
        self.see("reconnecting since")
        self.manager.stop(ENGINE)
        self.served()
        self.browser.run("await live(context.pages()[0])")
        self.see(self.host, ".cards .troubled")
        self.assertEqual([one for one in self.browser.complaints if "policy" in one or "dialog" in one], [])

    def test_a_kiosk_has_nothing_to_press(self):
        web = self.serve()
        self.open(web, "?kiosk", live=False)
        self.manager.stop(ENGINE)
        self.see(SHOWN, ".alerts tbody tr")
        self.assertEqual(self.browser.run("return await context.pages()[0].locator('nav, button:visible, a:visible').count()"), 0)
        self.assert_no_complaint()


class Acting(Dashboard):
    def test_silences_and_takes_it_back(self):
        desk = self.receiver()
        web = self.serve(self.webhook(desk))
        self.manager.stop(ENGINE)
        desk.wait_for(1)
        self.open(web)
        self.press("Silence ")
        self.browser.run("""
          const dialog = context.pages()[0].getByRole('dialog');
          await dialog.getByText('hides 1 open problem').waitFor();
          await dialog.getByLabel('Reason').fill('looked at it');
          await dialog.getByRole('button', {name: 'Silence', exact: true}).click();""")
        self.see("Silenced ")
        silence, = web.get("/silences")["silences"]
        self.assertEqual((silence["host"], silence["service"], silence["reason"], silence["by"]),
                         (self.host, ENGINE, "looked at it", "dashboard"))
        self.wait_for_alert(web)
        self.assertIn("looked at it", self.wait_for_alert(web)["suppressed"])
        self.press("Undo")
        self.see("Ended the silence")
        self.assertEqual(web.get("/silences")["silences"], [])
        self.assert_no_complaint()

    def test_acknowledges(self):
        web = self.serve()
        self.manager.stop(ENGINE)
        self.wait_for_alert(web)
        self.open(web)
        self.press("Acknowledge")
        self.browser.run("await context.pages()[0].getByRole('dialog').getByRole('button', {name: 'Acknowledge', exact: true}).click()")
        self.see("Acknowledged ")
        self.assertEqual([one["service"] for one in web.get("/acknowledgements")["acknowledgements"]], [ENGINE])
        self.see("No open problems")
        self.assert_no_complaint()

    def test_shows_the_history_and_who_was_told(self):
        desk = self.receiver()
        web = self.serve(self.webhook(desk))
        self.manager.stop(ENGINE)
        desk.wait_for(1)
        wait_until(lambda: web.get("/deliveries?state=delivered")["deliveries"], 10, "it is delivered")
        self.open(web, "?page=history")
        self.see(self.host, ".history tbody tr")
        self.press("Who was told")
        self.see("the receiver")
        self.open(web, "?page=deliveries&state=delivered")
        self.see("the receiver", ".deliveries tbody tr")
        self.open(web, f"?page=host&host={self.host}")
        self.browser.run("await context.pages().at(-1).waitForSelector('canvas')")
        self.see(SHOWN)
        self.assert_no_complaint()

    def test_every_page_keeps_its_policy(self):
        web = self.serve(self.webhook(self.receiver()))
        for view in ("", "?view=squares", f"?page=host&host={self.host}", f"?page=host&host={self.host}&view=table", "?page=host&host=nobody", "?page=history",
                     "?page=deliveries", "?page=deliveries&state=dead", "?page=silences&ended=true", "?page=configuration", "?page=about", "?kiosk"):
            with self.subTest(view=view):
                self.open(web, view, live=False)
                self.browser.run("await context.pages().at(-1).close()")
        said = [one for one in self.browser.complaints if "404" not in one]  # of nobody
        self.assertEqual(said, [])

    def test_one_without_a_token_sees_no_button(self):
        web = self.serve()
        self.manager.stop(ENGINE)
        self.wait_for_alert(web)
        web.token = ""
        self.open(web)
        self.see(SHOWN, ".alerts tbody tr")
        self.see("tocsin web-token")
        self.assertEqual(self.browser.run("return await context.pages()[0].getByRole('button', {name: /^(Silence|Acknowledge)/}).count()"), 0)
        self.assert_no_complaint()

    def test_a_wrong_token_is_asked_for_again(self):
        web = self.serve()
        right, web.token = web.token, "wrong"
        self.browser.run("const page = await context.newPage(); await page.goto(data.url)", url=self.page(web))
        self.browser.run("""
          const page = context.pages()[0];
          await page.getByLabel('Token').fill(data.right);
          await page.keyboard.press('Enter');
          await page.waitForSelector('.cards');
          await live(page);""", right=right)
        self.assertNotIn(right, self.browser.run("return context.pages()[0].url()"))


class WithAPassword(Dashboard):
    """A user whom the browser asks for a name and a password."""

    def log_in(self, web):
        self.browser.begin(httpCredentials={"username": "alice", "password": "p\u00e4ss:word"})
        url = web.url.replace("0.0.0.0", "127.0.0.1")
        self.browser.run("""
          const page = await context.newPage();
          await page.goto(data.url);
          await page.getByRole('link', {name: 'Log in with a password'}).click();
          await page.waitForSelector('.cards');
          await live(page);""", url=url)
        self.assertEqual(self.browser.run("return context.pages()[0].url()"), url + "/")

    def test_acts(self):
        web = self.serve(web={"users": [user_entry("p\u00e4ss:word")]})
        self.manager.stop(ENGINE)
        self.wait_for_alert(web)
        self.log_in(web)
        self.assertEqual(self.browser.run("return await context.pages()[0].getByText('You may read only').count()"), 0)
        self.press("Acknowledge")
        self.browser.run("await context.pages()[0].getByRole('dialog').getByRole('button', {name: 'Acknowledge', exact: true}).click()")
        self.see("Acknowledged ")
        self.assertEqual([one["by"] for one in web.get("/acknowledgements")["acknowledgements"]], ["alice"])

    def test_reads_what_nobody_else_may(self):
        web = self.serve(web={"listen": "0.0.0.0:0", "users": [user_entry("p\u00e4ss:word", role="read")]})
        self.log_in(web)
        self.see("You may read only")
        self.browser.run("const page = await context.newPage(); await page.goto(new URL('?page=about', context.pages()[0].url()).href)")
        self.see("alice")


class Names(Dashboard):
    def test_of_services_stay_text(self):
        configuration(self.file, hosts=[self.simulator.host(self.host, (*self.SERVICES, *HOSTILE))], credentials=self.simulator.credentials(),
                      web=ANY_PORT, monitor={"policy": {"flapping": {"start": 0}, "firstSight": "told"}})
        web = self.served()
        wait_until(lambda: len(web.get("/alerts")["alerts"]) == len(HOSTILE), 10, lambda: f"all are missed: {web.get('/alerts')}")
        self.assertEqual({alert["service"] for alert in web.get("/alerts")["alerts"]}, set(HOSTILE))
        for view in ("", f"?page=host&host={self.host}", f"?page=host&host={self.host}&view=table", "?page=history", "?kiosk"):
            with self.subTest(view=view):
                self.open(web, view, live=False)
                seen = self.browser.run("""
                  const page = context.pages().at(-1);
                  const text = await page.evaluate(() => document.body.innerText + [...document.querySelectorAll('[title],[aria-label]')].map((one) => `${one.title} ${one.ariaLabel}`).join() + document.title);
                  return [await page.locator('img, iframe, object').count(), text, await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)];""")
                self.assertEqual(seen[0], 0)
                self.assertIn("<img src=x onerror=alert(1)>", seen[1])
                self.assertNotRegex(seen[1], "[\u202a-\u202e\u2066-\u2069\u0007]")
                self.assertLessEqual(seen[2], 0, "it scrolls sideways")
        self.assert_no_complaint()


class BehindNginx(Dashboard):
    """TLS, a path, and a user whom nginx names."""

    PROXY = {"proxy": {"addresses": ["127.0.0.1"], "userHeader": "X-User", "role": "act"}}

    def check(self, web, path):
        with Nginx(self.authority, web.url + path) as nginx:
            self.browser.begin(ignoreHTTPSErrors=True)
            self.browser.run("await live(await open(data.url))", url=nginx.url)
            self.browser.run(PAINTED, where=".cards .troubled", what=self.host)
            self.manager.stop(ENGINE)
            self.browser.run("return await painted")
            self.see(SHOWN, ".alerts tbody tr")
            self.press("Silence ")
            self.browser.run("""
              const dialog = context.pages()[0].getByRole('dialog');
              await dialog.getByLabel('Reason').fill('looked at it');
              await dialog.getByRole('button', {name: 'Silence', exact: true}).click();""")
            self.see("Silenced ")
            self.browser.run("const page = context.pages()[0]; await page.locator('.cards a').first().click(); await page.waitForSelector('canvas'); await page.reload(); await page.waitForSelector('canvas')")
            self.assert_no_complaint()
        self.assertEqual([one["by"] for one in web.get("/silences")["silences"]], ["carol"])

    def test_that_takes_the_path_away(self):
        self.check(self.serve(web=self.PROXY), "/")

    def test_that_passes_the_path_on(self):
        self.check(self.serve(web={**self.PROXY, "basePath": "/monitoring"}), "/monitoring/")


if __name__ == "__main__":
    unittest.main()
