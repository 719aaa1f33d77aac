// A server for those who work on the dashboard, without tocsin: npm run mock -- [HOSTS] [PORT]. It plays a fleet by the contract of docs/openapi.yaml
// (test/browser/contract_test.mjs holds it to that), serves the build of ui/ beside it, and sends the same headers as tocsin.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const UI = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; worker-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types tocsin";
const HEADERS = {
  'Content-Security-Policy': CSP,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
};
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const LETTERS = {
  R: 'RUNNING',
  S: 'STOPPED',
  P: 'PAUSED',
  M: 'MISSING',
  D: 'DENIED',
  U: 'UNKNOWN',
  b: 'START_PENDING',
  e: 'STOP_PENDING',
  O: 'OVERRUN',
};
const LETTER = Object.fromEntries(Object.entries(LETTERS).map(([letter, state]) => [state, letter]));
const ORDER = ['RUNNING', 'START_PENDING', 'STOP_PENDING', 'UNKNOWN', 'DENIED', 'PAUSED', 'OVERRUN', 'MISSING', 'STOPPED'];
const SERVICES = [
  ['Spooler', 'Print Spooler'],
  ['MSSQLSERVER', 'SQL Server (MSSQLSERVER)'],
  ['SQLSERVERAGENT', 'SQL Server Agent'],
  ['W3SVC', 'World Wide Web Publishing Service'],
  ['LanmanServer', 'Server'],
  ['W32Time', 'Windows Time'],
  ['QlikSenseEngineService', 'Qlik Sense Engine Service'],
  ['WinRM', 'Windows Remote Management (WS-Management)'],
];
const ROLES = ['sql', 'web', 'app', 'qs-node', 'dc', 'file', 'print'];
const HOUR = 3_600_000;
const KINDS = {
  STOPPED: 'stopped',
  PAUSED: 'paused',
  MISSING: 'vanished',
  DENIED: 'denied',
  UNKNOWN: 'unreachable',
  STOP_PENDING: 'stuck',
  START_PENDING: 'stuck',
  RUNNING: 'started',
  OVERRUN: 'overrun',
};
export const HOSTILE = ['<img src=x onerror=alert(1)>', 'ev\u202eexe.lqs\u202c', `long-${'x'.repeat(251)}`, 'emoji-🔔-雪', 'bell\u0007-\u200bname'];

const iso = (time) => new Date(time).toISOString();
const same = (a, b) => a.toLowerCase() === b.toLowerCase();

/** Numbers of 0 to 1, the same each time. */
function dice(seed) {
  return () => {
    seed = (seed * 1664525 + 1013904223) >>> 0;
    return seed / 4294967296;
  };
}

function pattern(text) {
  const source = text
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 'is');
}

/** The fleet and all that tocsin would keep of it. */
class Model {
  constructor(size, hostile, start = Date.now()) {
    this.started = start - 76 * HOUR;
    this.random = dice(7);
    this.hosts = [];
    this.history = [];
    this.deliveries = [];
    this.silences = [];
    this.acknowledgements = [];
    this.actions = [];
    this.nextId = 1;
    const names = Array.from({ length: size }, (_, at) => `${ROLES[at % ROLES.length]}${Math.floor(at / ROLES.length) + 1}`);
    if (hostile) names.push(...HOSTILE);
    names.sort(new Intl.Collator('en', { numeric: true }).compare);
    for (const name of names) this.hosts.push(this.#host(name, start));
    this.destinations = [
      ['slack/ops', 'Slack #ops'],
      ['email/admins', 'mail to the administrators'],
      ['pagerDuty', 'PagerDuty'],
      ['webhook/old', 'old webhook'],
    ];
    const wrong = ['STOPPED', 'PAUSED', 'STOP_PENDING', 'MISSING', 'STOPPED', 'DENIED', 'STOPPED'];
    const some = Math.min(Math.max(4, Math.round(size / 25)), 40);
    for (let at = 0; at < some; at++) {
      const host = this.hosts[(at * 37 + 5) % this.hosts.length];
      if (at % 7 === 6) this.reach(host.name, false, start - (at + 2) * 4 * 60_000);
      else this.set(host.name, host.services[at % host.services.length].name, wrong[at % wrong.length], start - (at * at + 1) * 150_000);
    }
    for (const name of hostile ? HOSTILE.slice(0, 2) : []) this.set(name, this.host(name).services[0].name, 'STOPPED', start - 600_000);
    this.history.sort((a, b) => (a.time < b.time ? 1 : -1));
    const open = this.open();
    this.silence(`${open[1].host}/${open[1].service}`, 5400, 'upgrade of the printers', 'ann');
    this.silence('web*', 86400, 'certificates are renewed <b>tonight</b>', 'bo');
    if (open[2]) this.acknowledge(open[2].host, open[2].service, 'disk is on its way', 'ann');
  }

  #host(name, start) {
    const services = SERVICES.map(([service, displayName], at) => ({
      name: service,
      displayName,
      friendlyName: at === 0 && name === 'sql1' ? 'Printing on sql1' : '',
      state: 'RUNNING',
      since: start - 70 * HOUR + at * 1000,
      segments: [[start - 70 * HOUR, 'RUNNING']],
    }));
    for (const service of services) {
      let at = start - 30 * HOUR + this.random() * HOUR * 6;
      while (at < start - 2 * HOUR && this.random() < 0.55) {
        service.segments.push([at, this.random() < 0.7 ? 'STOPPED' : 'PAUSED'], [at + 20_000 + this.random() * 1_800_000, 'RUNNING']);
        at += 2 * HOUR + this.random() * 8 * HOUR;
      }
      service.since = service.segments.at(-1)[0];
    }
    return { name, reached: true, since: start - 70 * HOUR, segments: [[start - 70 * HOUR, 'RUNNING']], services };
  }

  host(name) {
    return this.hosts.find((one) => same(one.name, name));
  }

  /** A service takes a state: an alert, its deliveries, and what the stream says of it. */
  set(hostName, serviceName, state, at = Date.now()) {
    const host = this.host(hostName),
      service = host.services.find((one) => same(one.name, serviceName)),
      from = service.state;
    service.state = state;
    service.since = at;
    service.segments = service.segments.filter(([begin]) => begin < at);
    service.segments.push([at, state]);
    this.#alert(host, service.name, service.displayName, service.friendlyName, KINDS[state], from, state, at);
    return [this.hostChange(host), { what: 'alert' }, { what: 'delivery' }];
  }

  reach(hostName, reached, at = Date.now()) {
    const host = this.host(hostName);
    host.reached = reached;
    host.since = at;
    host.segments.push([at, reached ? 'RUNNING' : 'UNKNOWN']);
    this.#alert(host, '', '', '', reached ? 'reachable' : 'unreachable', reached ? 'UNKNOWN' : 'RUNNING', reached ? 'RUNNING' : 'UNKNOWN', at);
    return [this.hostChange(host), { what: 'alert' }];
  }

  #alert(host, service, displayName, friendlyName, kind, from, to, at) {
    const suppressed = this.suppressed(host.name, service);
    const alert = {
      id: `a${this.nextId++}`,
      time: iso(at),
      host: host.name,
      service,
      displayName,
      friendlyName,
      kind,
      from,
      to,
      reason:
        kind === 'unreachable'
          ? 'no answer to the SYN within 5 s'
          : kind === 'stuck'
            ? 'it stops for longer than the 30 s that it said it would need'
            : '',
      severity: kind === 'stopped' || kind === 'unreachable' ? 'critical' : to === 'RUNNING' ? 'info' : 'warning',
      serviceSet: '',
      rootCause: '',
      recovery: '',
      reminder: 0,
      suppressed,
    };
    this.history.unshift(alert);
    if (suppressed) return;
    const outcomes = [
      ['slack/ops', 'Slack #ops', 'delivered', '200 OK'],
      [
        'email/admins',
        'mail to the administrators',
        this.nextId % 3 ? 'delivered' : 'pending',
        this.nextId % 3 ? '250 2.0.0 queued' : '451 4.7.1 try again later',
      ],
      ['webhook/old', 'old webhook', 'dead', '410 Gone'],
    ];
    for (const [key, name, state, detail] of outcomes.slice(0, to === 'RUNNING' ? 2 : 3)) {
      this.deliveries.unshift({
        id: `d${this.nextId++}`,
        destination: key,
        destinationName: name,
        state,
        attempts: state === 'delivered' ? 1 : 4,
        created: iso(at),
        updated: iso(at + 900),
        notBefore: state === 'pending' ? iso(Date.now() + 180_000) : null,
        detail,
        escalation: false,
        group: null,
        alert,
      });
    }
  }

  suppressed(host, service) {
    const one = this.silences.find(
      (silence) =>
        Date.parse(silence.end) > Date.now() && pattern(silence.host).test(host) && (!silence.service || pattern(silence.service).test(service)),
    );
    return one ? `silence ${one.id} by ${one.by} until ${one.end}: ${one.reason}` : '';
  }

  /** Alerts that fire, the worst first. */
  open() {
    const found = [];
    for (const host of this.hosts) {
      if (!host.reached)
        found.push(this.#openAlert(host, '', '', 'host', 'UNKNOWN', 'unreachable', 'critical', host.since, 'no answer to the SYN within 5 s'));
      for (const service of host.services) {
        if (service.state === 'RUNNING') continue;
        found.push(
          this.#openAlert(
            host,
            service.name,
            service.friendlyName,
            'service',
            service.state,
            KINDS[service.state],
            service.state === 'STOPPED' ? 'critical' : 'warning',
            service.since,
            service.state === 'STOPPED'
              ? 'exit code 1067'
              : KINDS[service.state] === 'stuck'
                ? 'it stops for longer than the 30 s that it said it would need'
                : '',
          ),
        );
      }
    }
    return found.sort((a, b) => ORDER.indexOf(b.state) - ORDER.indexOf(a.state) || (a.since < b.since ? 1 : -1));
  }

  #openAlert(host, service, friendlyName, about, state, kind, severity, since, reason) {
    return {
      id: this.history.find((one) => one.host === host.name && one.service === service)?.id ?? '',
      host: host.name,
      service,
      displayName: host.services.find((one) => same(one.name, service))?.displayName ?? '',
      friendlyName,
      about,
      state,
      kind,
      severity,
      since: iso(since),
      reason,
      suppressed: this.suppressed(host.name, service),
      acknowledged: this.acknowledgements.find((one) => same(one.host, host.name) && same(one.service, service)) ?? null,
    };
  }

  /** As `tocsin doctor`: of a host that is not reached the second step fails. */
  diagnose(host) {
    const works = {
      name: '192.0.2.17',
      connection: '192.0.2.17:445',
      protocol: 'SMB 3.1.1, encrypted',
      mechanisms: 'Kerberos, NTLM',
      clock: '0.2 s ahead of this machine',
      login: 'CORP\\monitor (credential corp) is logged in by NTLM',
      share: 'IPC$',
      pipe: 'svcctl',
      'service manager': 'opened',
      'list of services': `${host.services.length} services`,
      'one service': host.services[0].name,
      push: 'the host tells of changes on one pipe',
      'round trip': '1.2 ms for a question and its answer (median of 5)',
    };
    const steps = Object.entries(works).map(([step, found], at) =>
      host.reached || at === 0
        ? { step, result: 'ok', found, advice: null }
        : at === 1
          ? {
              step,
              result: 'FAILS',
              found: 'no answer to the SYN within 5 s',
              advice: 'switch the host on, or let TCP port 445 through its firewall',
            }
          : { step, result: 'not tried', found: null, advice: null },
    );
    return { host: host.name, address: '192.0.2.17', port: 445, result: host.reached ? 'ok' : 'FAILS', steps };
  }

  worst(host) {
    return host.reached
      ? host.services.reduce((worst, one) => (ORDER.indexOf(one.state) > ORDER.indexOf(worst) ? one.state : worst), 'RUNNING')
      : 'UNKNOWN';
  }

  hostChange(host) {
    const running = host.services.filter((one) => one.state === 'RUNNING').length;
    return {
      what: 'host',
      host: host.name,
      worst: LETTER[this.worst(host)],
      services: host.services.length,
      running,
      troubled: host.services.length - running,
      reached: host.reached,
    };
  }

  did(kind, about, by = 'ann') {
    const [key, name] = this.destinations.find(([one]) => one === about.destination) ?? ['', ''];
    this.actions.unshift({
      id: this.actions.length + 1,
      time: iso(Date.now()),
      by,
      kind,
      host: '',
      service: '',
      destination: key,
      destinationName: name,
      until: null,
      reason: '',
      ...about,
    });
  }

  silence(scope, seconds, reason, by) {
    const slash = scope.indexOf('/'),
      now = Date.now();
    const made = {
      id: this.nextId++,
      host: slash < 0 ? scope : scope.slice(0, slash),
      service: slash < 0 ? '' : scope.slice(slash + 1),
      begin: iso(now),
      end: iso(now + seconds * 1000),
      active: true,
      reason,
      by,
    };
    this.silences.push(made);
    this.did('silenced', { host: made.host, service: made.service, until: made.end, reason }, by);
    return made;
  }

  acknowledge(host, service, reason, by) {
    const made = { id: this.nextId++, host, service, at: iso(Date.now()), reason, by };
    this.did('acknowledged', { host, service, reason }, by);
    this.acknowledgements.push(made);
    return made;
  }

  covered(scope) {
    const slash = scope.indexOf('/'),
      host = pattern(slash < 0 ? scope : scope.slice(0, slash)),
      service = slash < 0 ? null : pattern(scope.slice(slash + 1));
    const hosts = this.hosts.filter((one) => host.test(one.name) && (!service || one.services.some((s) => service.test(s.name))));
    return {
      hosts: hosts.length,
      services: hosts.reduce((sum, one) => sum + one.services.filter((s) => !service || service.test(s.name)).length, 0),
      open: this.open().filter((alert) => !alert.suppressed && host.test(alert.host) && (!service || service.test(alert.service))),
    };
  }
}

const counted = (list) => list.reduce((counts, one) => ({ ...counts, [one]: (counts[one] ?? 0) + 1 }), {});

function page(list, query, key) {
  const from = Number(query.get('next') ?? 0),
    limit = Number(query.get('limit') ?? 100);
  return { [key]: list.slice(from, from + limit), next: from + limit < list.length ? String(from + limit) : null };
}

/** The answers by method and path. Each gets the model, what stands in the path, the query, and the body. */
function routes(model, options, tell) {
  const hostOr404 = (name) => model.host(name) ?? fail(404, `Host ${name} is not configured`);
  const hostJson = (host) => ({
    name: host.name,
    address: '192.0.2.17',
    source: 'smb',
    control: host.name === 'web1',
    reached: host.reached,
    error: host.reached ? '' : 'no answer to the SYN within 5 s',
    since: iso(host.since),
    checked: iso(Date.now() - 3000),
    roundTripSeconds: 0.012,
    bootedAt: iso(model.started - 5 * 24 * HOUR),
    worst: model.worst(host),
    services: counted(host.services.map((one) => one.state)),
    watched: host.services.length,
    open: model.open().filter((one) => one.host === host.name).length,
  });
  return [
    ['GET', '/session', () => ({ name: options.role === 'act' ? 'ann' : '', role: options.role, ...(options.login && { login: options.login }) })],
    [
      'GET',
      '/status',
      () => ({
        version: '0.9.0-dev',
        started: iso(model.started),
        now: iso(Date.now()),
        timeZone: 'Europe/Stockholm',
        storeBytes: 7_340_032,
        loopLagSeconds: 0.002,
        stuckThreads: 0,
        lostLogLines: 0,
        streams: options.streams.size,
      }),
    ],
    [
      'GET',
      '/counts',
      () => {
        const open = model.open(),
          states = {};
        for (const host of model.hosts) for (const one of host.services) states[one.state] = (states[one.state] ?? 0) + 1;
        const unreached = model.hosts.filter((one) => !one.reached).length;
        return {
          hosts: { total: model.hosts.length, reached: model.hosts.length - unreached, unreached, unchecked: 0 },
          services: states,
          alerts: {
            open: open.filter((one) => !one.suppressed && !one.acknowledged).length,
            acknowledged: open.filter((one) => one.acknowledged && !one.suppressed).length,
            silenced: open.filter((one) => one.suppressed).length,
          },
          deliveries: {
            waiting: model.deliveries.filter((one) => one.state === 'pending').length,
            dead: model.deliveries.filter((one) => one.state === 'dead').length,
          },
        };
      },
    ],
    [
      'GET',
      '/overview',
      () => {
        const running = model.hosts.map((host) => host.services.filter((one) => one.state === 'RUNNING').length);
        return {
          sequence: options.sequence(),
          at: iso(Date.now()),
          letters: LETTERS,
          names: model.hosts.map((one) => one.name),
          worst: model.hosts.map((one) => LETTER[model.worst(one)]).join(''),
          services: model.hosts.map((one) => one.services.length),
          running,
          troubled: model.hosts.map((one, at) => one.services.length - running[at]),
          unreached: model.hosts.flatMap((one, at) => (one.reached ? [] : [at])),
        };
      },
    ],
    [
      'GET',
      '/hosts',
      (_, query) =>
        page(
          model.hosts
            .filter(
              (one) =>
                (!query.get('search') || one.name.toLowerCase().includes(query.get('search').toLowerCase())) &&
                (!query.get('worst') || model.worst(one) === query.get('worst')),
            )
            .map(hostJson),
          query,
          'hosts',
        ),
    ],
    ['GET', '/hosts/:', ([name]) => hostJson(hostOr404(name))],
    [
      'GET',
      '/hosts/:/services',
      ([name]) => {
        const host = hostOr404(name),
          open = model.open().filter((one) => one.host === host.name);
        return {
          services: host.services.map((one, at) => ({
            name: one.name,
            displayName: one.displayName,
            friendlyName: one.friendlyName,
            state: one.state,
            asExpected: one.state === 'RUNNING',
            since: iso(one.since),
            startMode: at % 3 ? 'Automatic' : 'Automatic (delayed)',
            processId: one.state === 'RUNNING' ? 1200 + at * 48 : null,
            exitCode: one.state === 'STOPPED' ? 1067 : null,
            error: one.state === 'DENIED' ? 'access denied (5)' : '',
            severity: 'critical',
            entry: one.name === 'W32Time' ? 'W32*' : one.name,
            alert: open.find((alert) => alert.service === one.name) ?? null,
          })),
        };
      },
    ],
    [
      'GET',
      '/hosts/:/timeline',
      ([name], query) => {
        const host = hostOr404(name),
          to = Math.min(Date.now(), Date.parse(query.get('to') ?? iso(Date.now()))),
          from = Date.parse(query.get('from') ?? iso(to - 24 * HOUR));
        const row = (service, segments) => {
          const seen = segments
            .filter(([at], index) => at < to && (segments[index + 1]?.[0] ?? Infinity) > from)
            .map(([at, state]) => [Math.round(at), state]);
          return {
            service,
            start: seen.map(([at], index) => (index ? at - seen[index - 1][0] : at)),
            states: seen.map(([, state]) => LETTER[state]).join(''),
            thinned: false,
          };
        };
        return {
          from: iso(from),
          to: iso(to),
          letters: LETTERS,
          rows: [row('', host.segments), ...host.services.map((one) => row(one.name, one.segments))],
          silences: [
            {
              service: 'Spooler',
              from: iso(Date.now() - 5 * HOUR),
              to: iso(Date.now() - 3 * HOUR),
              text: 'silence 3 by ann: upgrade of the printers',
            },
          ],
        };
      },
    ],
    [
      'POST',
      '/hosts/:/check',
      ([name]) => {
        model.did('checked', { host: hostOr404(name).name });
        tell([{ what: 'action' }]);
        return [202, {}];
      },
    ],
    [
      'POST',
      '/hosts/:/diagnosis',
      ([name]) => {
        const host = hostOr404(name);
        model.did('diagnosed', { host: host.name });
        tell([{ what: 'action' }]);
        return model.diagnose(host);
      },
    ],
    [
      'POST',
      '/hosts/:/services/:/control',
      ([name, service], _, { action, dryRun }) => {
        const host = hostOr404(name),
          one = host.services.find((known) => known.name === service),
          before = one.state,
          already = before === (action === 'stop' ? 'STOPPED' : action === 'start' ? 'RUNNING' : '');
        const step = (kind) => ({ action: kind, service, error: null, seconds: 0.1 });
        const after = already || dryRun ? before : action === 'stop' ? 'STOPPED' : 'RUNNING';
        if (!dryRun) {
          model.did({ start: 'started', stop: 'stopped', restart: 'restarted' }[action], { host: host.name, service });
          tell([{ what: 'action' }, ...model.set(host.name, service, after)]);
        }
        const steps = already ? [] : action === 'restart' ? [step('stop'), step('start')] : [step(action)];
        return { host: host.name, service, action, dryRun: dryRun ?? false, before, after, steps, error: null };
      },
    ],
    ['GET', '/alerts', () => ({ alerts: model.open() })],
    [
      'GET',
      '/history',
      (_, query) => {
        const named = (key, text) => !query.get(key) || pattern(query.get(key)).test(text);
        return page(
          model.history
            .filter(
              (one) =>
                named('host', one.host) &&
                named('service', one.service) &&
                (!query.get('kind') || one.kind === query.get('kind')) &&
                (!query.get('from') || one.time >= query.get('from')) &&
                (!query.get('to') || one.time < query.get('to')),
            )
            .map((alert) => ({ alert, told: counted(model.deliveries.filter((one) => one.alert === alert).map((one) => one.state)) })),
          query,
          'alerts',
        );
      },
    ],
    [
      'GET',
      '/history/:',
      ([id]) => {
        const alert = model.history.find((one) => one.id === id) ?? fail(404, 'There is no such alert');
        return { alert, deliveries: model.deliveries.filter((one) => one.alert === alert) };
      },
    ],
    [
      'GET',
      '/actions',
      (_, query) => {
        const may = (wanted, text) => pattern(wanted).test(text) || pattern(text).test(wanted),
          [host, service] = [query.get('host'), query.get('service')];
        return page(
          model.actions.filter(
            (one) =>
              (!host || may(host, one.host)) &&
              (!service || (one.host && (!one.service || may(service, one.service)))) &&
              (!query.get('from') || one.time >= query.get('from')) &&
              (!query.get('to') || one.time < query.get('to')),
          ),
          query,
          'actions',
        );
      },
    ],
    [
      'GET',
      '/deliveries',
      (_, query) =>
        page(
          model.deliveries.filter(
            (one) =>
              (!query.get('state') || one.state === query.get('state')) &&
              (!query.get('destination') || one.destination === query.get('destination')),
          ),
          query,
          'deliveries',
        ),
    ],
    [
      'POST',
      '/deliveries/:/retry',
      ([id]) => {
        const one = model.deliveries.find((delivery) => delivery.id === id) ?? fail(404, 'There is no such delivery');
        one.state = 'pending';
        model.did('retried', { destination: one.destination, host: one.alert.host, service: one.alert.service });
        tell([{ what: 'delivery' }, { what: 'action' }]);
        return { asked: 1, outdated: 0 };
      },
    ],
    [
      'GET',
      '/destinations',
      () => ({
        destinations: model.destinations.map(([key, name]) => {
          const of = model.deliveries.filter((one) => one.destination === key),
            waiting = of.filter((one) => one.state === 'pending'),
            bad = of.find((one) => one.state === 'dead' || one.state === 'pending');
          return {
            key,
            name,
            configured: key !== 'webhook/old',
            waiting: waiting.length,
            oldest: waiting.at(-1)?.created ?? null,
            dead: of.filter((one) => one.state === 'dead').length,
            lastDelivered: of.find((one) => one.state === 'delivered')?.updated ?? null,
            lastError: bad ? { at: bad.updated, text: bad.detail } : null,
          };
        }),
      }),
    ],
    [
      'POST',
      '/destinations/:/retry',
      ([key]) => {
        const dead = model.deliveries.filter((one) => one.destination === key && one.state === 'dead');
        for (const one of dead) one.state = 'pending';
        if (dead.length) model.did('retried', { destination: key });
        tell([{ what: 'delivery' }, { what: 'action' }]);
        return { asked: dead.length, outdated: 0 };
      },
    ],
    [
      'POST',
      '/destinations/:/test',
      ([key]) => {
        model.did('tested', { destination: key });
        tell([{ what: 'action' }]);
        return { delivered: key !== 'pagerDuty', text: key === 'pagerDuty' ? '403 Forbidden: the routing key is not known' : '200 OK' };
      },
    ],
    [
      'GET',
      '/silences',
      (_, query) => ({
        silences: model.silences
          .map((one) => ({ ...one, active: Date.parse(one.end) > Date.now() }))
          .filter((one) => one.active || query.get('ended') === 'true'),
        maintenance: [
          {
            name: 'patch day',
            scopes: ['sql*', 'web*/W3SVC'],
            begin: iso(Date.now() + 9 * HOUR),
            end: iso(Date.now() + 13 * HOUR),
            active: false,
            reason: 'updates of Windows',
          },
        ],
      }),
    ],
    [
      'POST',
      '/silences',
      (_, __, body) => {
        const made = model.silence(body.scope, body.seconds, body.reason, 'ann');
        tell([{ what: 'silence' }, { what: 'action' }]);
        return [201, made];
      },
    ],
    ['GET', '/silences/preview', (_, query) => model.covered(query.get('scope'))],
    [
      'PATCH',
      '/silences/:',
      ([id], _, body) => {
        const one = model.silences.find((silence) => silence.id === Number(id)) ?? fail(404, 'There is no such silence');
        one.end = body.end;
        model.did('extended', { host: one.host, service: one.service, until: one.end });
        tell([{ what: 'silence' }, { what: 'action' }]);
        return one;
      },
    ],
    [
      'DELETE',
      '/silences/:',
      ([id]) => {
        const one = model.silences.find((silence) => silence.id === Number(id)) ?? fail(404, 'There is no such silence');
        one.end = iso(Date.now());
        model.did('unsilenced', { host: one.host, service: one.service });
        tell([{ what: 'silence' }, { what: 'action' }]);
        return [204];
      },
    ],
    ['GET', '/acknowledgements', () => ({ acknowledgements: model.acknowledgements })],
    [
      'POST',
      '/acknowledgements',
      (_, __, body) => {
        const made = model.acknowledge(body.host, body.service, body.reason, 'ann');
        tell([{ what: 'silence' }, { what: 'action' }]);
        return [201, made];
      },
    ],
    [
      'DELETE',
      '/acknowledgements/:',
      ([id]) => {
        const gone = model.acknowledgements.find((one) => one.id === Number(id)) ?? fail(404, 'There is no such acknowledgement');
        model.acknowledgements = model.acknowledgements.filter((one) => one !== gone);
        model.did('unacknowledged', { host: gone.host, service: gone.service });
        tell([{ what: 'silence' }, { what: 'action' }]);
        return [204];
      },
    ],
    [
      'GET',
      '/routes',
      (_, query) => ({
        destinations: query.get('host')
          ? [
              { key: 'slack/ops', name: 'Slack #ops', delaySeconds: 0 },
              { key: 'pagerDuty', name: 'PagerDuty', delaySeconds: 900 },
            ]
          : fail(400, 'The host is missing'),
      }),
    ],
    [
      'GET',
      '/configuration',
      () => ({
        file: '/etc/tocsin/tocsin.yaml',
        loadedAt: iso(model.started),
        differs: true,
        findings: [
          { severity: 'warning', text: '/etc/tocsin/tocsin.yaml:41:7: pattern "Qlik*" finds no service on dc1' },
          { severity: 'info', text: '/etc/tocsin/tocsin.yaml:9:3: the section "smtp" is disabled' },
        ],
      }),
    ],
    [
      'POST',
      '/configuration/reload',
      () => {
        model.did('reloaded', {});
        tell([{ what: 'configuration' }, { what: 'action' }]);
        return { good: true, text: 'The configuration was read again: 1 host is new.' };
      },
    ],
  ];
}

class Failure extends Error {
  constructor(status, title) {
    super(title);
    this.status = status;
  }
}
const fail = (status, title) => {
  throw new Failure(status, title);
};

let built = null;
/** The dashboard, which is built once. */
function builtFiles() {
  if (built) return built;
  const folder = mkdtempSync(path.join(tmpdir(), 'tocsin-ui-'));
  try {
    execFileSync(process.execPath, [path.join(UI, 'build.mjs'), folder]);
    built = new Map(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))]));
  } finally {
    rmSync(folder, { recursive: true });
  }
  return built;
}

/**
 * Starts a server. `role`: what readers may do; `token`: what they must send, where it is not empty; `login`: where a browser asks for a password;
 * `base`: a sub-path as a proxy would give.
 * Answers its `url`, the `model`, `tell()` for changes, `streams`, `requests`, and `stop()`. `options.full`: the stream is refused.
 */
export async function startMock({ hosts = 200, hostile = true, role = 'act', token = '', login = '', port = 0, base = '/' } = {}) {
  const model = new Model(hosts, hostile),
    files = builtFiles(),
    ring = [],
    requests = [];
  const options = { role, token, login, full: false, streams: new Set(), sequence: () => sequence };
  let sequence = 0,
    allStreams = 0;
  const write = (event) => `id: mock-${event.id}\ndata: ${event.data}\n\n`;
  const tell = (changes) => {
    const event = { id: ++sequence, data: JSON.stringify({ at: iso(Date.now()), changes }) };
    ring.push(event);
    if (ring.length > 1000) ring.shift();
    for (const stream of options.streams) stream.write(write(event));
  };
  const table = routes(model, options, tell);

  function listen(request, response) {
    allStreams++;
    if (options.full)
      return send(request, response, 503, 'application/problem+json', JSON.stringify({ title: 'There are too many streams', status: 503 }));
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
    response.write('retry: 1000\n\n');
    const last = Number((request.headers['last-event-id'] ?? `mock-${sequence}`).split('-')[1]);
    if (last > sequence || (ring.length && last < ring[0].id - 1)) response.write('event: reset\ndata: {}\n\n');
    else for (const event of ring) if (event.id > last) response.write(write(event));
    options.streams.add(response);
    const beat = setInterval(() => response.write(': still here\n\n'), 15_000);
    response.on('close', () => {
      clearInterval(beat);
      options.streams.delete(response);
    });
  }

  function send(request, response, status, type, body, more = {}) {
    const zipped = /gzip/.test(request.headers['accept-encoding'] ?? '') && body.length > 500;
    response.writeHead(status, { ...HEADERS, 'Content-Type': type, ...(zipped ? { 'Content-Encoding': 'gzip' } : {}), ...more });
    response.end(zipped ? gzipSync(body, { level: 6 }) : body);
  }

  async function answer(request, response) {
    const url = new URL(request.url, 'http://mock');
    if (!url.pathname.startsWith(base)) return send(request, response, 404, 'text/plain', 'not found');
    const rest = url.pathname.slice(base.length);
    if (!rest.startsWith('api/v1/')) {
      const name = rest || 'index.html',
        file = files.get(name);
      return file
        ? send(request, response, 200, TYPES[path.extname(name)], file, {
            'Cache-Control': name === 'index.html' ? 'no-cache' : 'public, max-age=31536000, immutable',
          })
        : send(request, response, 404, 'text/plain', 'not found');
    }
    requests.push(`${request.method} /${rest.slice(7)}`);
    const problem = (status, title, more) => send(request, response, status, 'application/problem+json', JSON.stringify({ title, status, ...more }));
    if (options.token && request.headers.authorization !== `Bearer ${options.token}`)
      return problem(401, 'A login is needed', options.login && { login: options.login });
    const parts = `/${rest.slice(7)}`.split('/');
    if (parts.join('/') === '/events') return listen(request, response);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    for (const [method, template, work] of table) {
      const wanted = template.split('/');
      if (method !== request.method || wanted.length !== parts.length || !wanted.every((one, at) => one === ':' || one === parts[at])) continue;
      if (method !== 'GET' && method !== 'DELETE' && request.headers['content-type'] !== 'application/json')
        return problem(415, 'Actions take application/json');
      if (method !== 'GET' && options.role !== 'act') return problem(403, 'You may read only');
      try {
        const said = work(
          parts.filter((_, at) => wanted[at] === ':').map(decodeURIComponent),
          url.searchParams,
          chunks.length ? JSON.parse(Buffer.concat(chunks)) : undefined,
        );
        const [status, body] = Array.isArray(said) ? said : [200, said];
        if (status === 204) {
          response.writeHead(204, HEADERS);
          return response.end();
        }
        return send(request, response, status, 'application/json', JSON.stringify(body), { 'Cache-Control': 'no-store' });
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return problem(error.status, error.message);
      }
    }
    return problem(404, 'There is no such path');
  }

  const server = createServer((request, response) => void answer(request, response));
  const start = (at) => new Promise((resolve) => server.listen(at, '127.0.0.1', resolve));
  await start(port);
  const used = server.address().port;
  return {
    url: `http://127.0.0.1:${used}${base}`,
    model,
    tell,
    options,
    files,
    requests,
    get streams() {
      return options.streams.size;
    },
    get allStreams() {
      return allStreams;
    },
    /** Refuses connections until `start()`. */
    halt() {
      server.close();
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.once('close', resolve);
        if (!server.listening) resolve();
      });
    },
    start: () => start(used),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await startMock({ hosts: Number(process.argv[2] ?? 200), port: Number(process.argv[3] ?? 8137) });
  console.log(mock.url);
  const random = dice(11),
    pick = (list) => list[Math.floor(random() * list.length)];
  setInterval(() => {
    const host = pick(mock.model.hosts),
      wrong = host.services.find((one) => one.state !== 'RUNNING');
    mock.tell(
      wrong
        ? mock.model.set(host.name, wrong.name, 'RUNNING')
        : random() < 0.3
          ? mock.model.set(host.name, pick(host.services).name, pick(['STOPPED', 'PAUSED']))
          : [mock.model.hostChange(host)],
    );
  }, 3000);
}
