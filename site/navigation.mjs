// The order of the pages, as the side bar shows it. A page of docs/ that is missing here fails the build.
export const SECTIONS = [
  { title: 'Start', pages: ['docs/README.md', 'docs/butler.md', 'docs/linux.md', 'docs/windows.md', 'docs/windows-hosts.md', 'docs/comparison.md'] },
  {
    title: 'Configure',
    pages: ['docs/configuration.md', 'docs/groups-and-policies.md', 'docs/schedules.md', 'docs/routing.md', 'docs/silences.md', 'docs/heartbeat.md'],
  },
  {
    title: 'Destinations',
    pages: [
      'docs/destinations.md',
      'docs/slack.md',
      'docs/teams.md',
      'docs/email.md',
      'docs/webhook.md',
      'docs/mqtt.md',
      'docs/influxdb.md',
      'docs/templates.md',
    ],
  },
  {
    title: 'Operate',
    pages: [
      'docs/troubleshooting.md',
      'docs/commands.md',
      'docs/dashboard.md',
      'docs/metrics.md',
      'docs/grafana.md',
      'docs/store.md',
      'docs/scale.md',
    ],
  },
  { title: 'Understand', pages: ['docs/alerting.md', 'docs/kinds.md', 'docs/captured-run.md', 'docs/api.md', 'docs/decisions/README.md'] },
  { title: 'Project', pages: ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md'] },
];

/** Pages that others lead to. */
export const BESIDE = /^(docs\/decisions\/|ui\/)/;

/** Folders that pages link to: the site lists their files. */
export const FOLDERS = ['examples', 'packaging/grafana', 'packaging/prometheus', 'src/notify/built_in'];
