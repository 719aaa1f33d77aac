"""A configuration of Butler as a large site has it: 1,300 lines, of which its service monitor needs
a tenth. The keys are Butler's; values and comments are our own."""

TASK_EVENTS = ("reloadTaskSuccess", "reloadTaskFailure", "reloadTaskAborted", "userSyncTaskSuccess",
               "externalProgramTaskSuccess", "externalProgramTaskFailure", "distributeTaskSuccess",
               "distributeTaskFailure", "preloadTaskSuccess", "preloadTaskFailure")
HOSTS = ("central", *(f"engine{number}" for number in range(1, 14)), "reports")
SERVICES = {"QlikSenseServiceDispatcher": "Dispatcher", "QlikSensePrintingService": "Printing",
            "QlikSenseProxyService": "Proxy", "QlikSenseRepositoryService": "Repository",
            "QlikSenseSchedulerService": "Scheduler", "QlikSenseEngineService": "Engine"}
USED_SECTIONS = ("serviceMonitor", "influxDb", "thirdPartyToolsCredentials", "genericUrls",
                 "teamsNotification", "slackNotification", "emailNotification", "incidentTool",
                 "webhookNotification", "mqttConfig", "logLevel", "fileLogging", "logDirectory")
# Values that must never be printed.
SECRETS = ("influx-s3cret", "NRAK-s3cret", "smtp-s3cret", "T0/B0/slack-s3cret", "sig=teams-s3cret",
           "key=desk-s3cret", "header-s3cret")


def indented(text, spaces):
    return "".join(" " * spaces + line + "\n" if line else "\n" for line in text.strip("\n").split("\n"))


def section(name, *parts, comment=None):
    return (f"# {comment}\n" if comment else "") + f"{name}:\n" + "".join(indented(part, 4)
                                                                         for part in parts)


def static_tags(**tags):
    return section("static", "".join(f"- name: {name}\n  value: {value}\n"
                                     for name, value in tags.items()))


def switch(on):
    return f"enable: {str(on).lower()}\n"


def general():
    return """
logLevel: verbose     # silly, debug, verbose, info, warn, error
fileLogging: true
logDirectory: log
anonTelemetry:
    true
""" + "".join([
        section("systemInfo", switch(True), comment="What the machine is like"),
        section("configVisualisation", switch(True), "host: localhost\nport: 3100\nobfuscate: true\n"),
        section("heartbeat", switch(True), "remoteURL: http://pulse.example/ping\n",
                "frequency: every 30 seconds\n", comment="Tells another monitor that we live"),
        section("dockerHealthCheck", switch(False), "port: 12398\n"),
        section("uptimeMonitor", switch(True), "frequency: every 15 minutes\nlogLevel: verbose\n",
                section("storeInInfluxdb", switch(True)),
                section("storeNewRelic", switch(False), "destinationAccount:\n    - Main\n",
                        "url: https://insights-collector.eu01.nr-data.net/metric/v1\n",
                        section("attribute", static_tags(metricType="uptime", service="butler")))),
        section("thirdPartyToolsCredentials",
                section("newRelic",
                        "- accountName: Main\n  insertApiKey: NRAK-s3cret\n  accountId: 1234567\n")),
    ])


def influx_server(layout):
    first = "auth:\n    enable: true\n    username: butler\n    password: influx-s3cret\n" \
            "dbName: butler\n" + ("instanceTag: PROD\n" if layout == "old" else "") + \
            "retentionPolicy:\n    name: 10d\n    duration: 10d\n"
    if layout == "old":
        return first
    return "version: 1\n" + section("v1Config", first) + section(
        "v2Config", "org: example\nbucket: butler\ndescription: Butler\ntoken: <token>\n"
                    "retentionDuration: 10d\n") + section(
        "v3Config", "database: butler\ntoken: <token>\nretentionDuration: 10d\n"
                    "writeTimeout: 10000\nqueryTimeout: 60000\n")


def influx_event(name):
    return section(name, switch("Failure" in name), "headScriptLogLines: 15\ntailScriptLogLines: 25\n",
                   section("allReloadTasks", switch(False)),
                   section("byCustomProperty", switch(False),
                           f"customPropertyName: 'Butler_{name}_InfluxDB'\nenabledValue: 'Yes'\n"),
                   section("tag", "static:   # none\n",
                           section("dynamic", "useAppTags: true\nuseTaskTags: true\n")))


def influx(layout):
    return section("influxDb", switch(True), "hostIP: influx.example\nhostPort: 8086\n",
                   influx_server(layout), section("tag", static_tags(site="Malmö")),
                   *map(influx_event, TASK_EVENTS), comment="Time series")


def qlik():
    destination = section("destination", section("influxDb", switch(False),
                                                 section("tag", static_tags(foo="bar"))))
    return "".join([
        section("scriptLog", section("storeOnDisk", section("clientManaged", section(
            "reloadTaskFailure", switch(True), "logDirectory: /var/log/scripts\n")))),
        section("qlikSenseUrls", "qmc: https://qlik.example/qmc\nhub: https://qlik.example/hub\n"),
        section("genericUrls", "- id: runbook\n  linkText: Runbook\n  comment: What to do\n"
                               "  url: https://wiki.example/runbook\n"),
        section("qlikSenseVersion", section("versionMonitor", switch(False),
                                            "frequency: every 24 hours\nhost: central\n", destination)),
        section("qlikSenseLicense", *(section(name, switch(False), "frequency: every 6 hours\n",
                                              destination)
                                      for name in ("serverLicenseMonitor", "licenseMonitor",
                                                   "licenseRelease"))),
    ])


def chat_message(event, url, more=""):
    return section(event, "" if event.startswith("service") else switch(True),
                   f"webhookURL: {url}\nmessageType: formatted   # or basic\n"
                   f"basicMsgTemplate: '{event}: \"{{{{serviceName}}}}\" on {{{{host}}}}'\n"
                   f"rateLimit: {30 if event == 'serviceStopped' else 300}\n"
                   f"templateFile: templates/{event}.handlebars\n" + more)


def chats():
    events = ("reloadTaskFailure", "reloadTaskAborted", "serviceStopped", "serviceStarted")
    teams = "https://teams.example:443/workflows/1?sig=teams-s3cret"
    slack = "https://hooks.slack.example/services/T0/B0/slack-s3cret"
    more = "channel: services\nfromUser: Qlik Sense\niconEmoji: ':bell:'\n"
    return section("teamsNotification", switch(True),
                   *(chat_message(event, teams) for event in events)) + section(
        "slackNotification", switch(True), section("restMessage", f"webhookURL: {slack}\n"),
        *(chat_message(event, slack, more) for event in events))


def mail_event(event, layout):
    monitored = event.startswith("service")
    sender = "fromAdress" if layout == "old" else "fromAddress"
    owners = "" if monitored else section(
        "appOwnerAlert", switch(True),
        *(section(f"{verb}Owner", "".join(f"- directory: CORP\n  userId: user{number}\n"
                                          for number in range(2))) for verb in ("include", "exclude"))
    ) + section("alertEnableByCustomProperty", switch(True),
                f"customPropertyName: 'Butler_{event}'\nenabledValue: 'Yes'\n") + section(
        "alertEnabledByEmailAddress", f"customPropertyName: 'Butler_{event}_Email'\n")
    lines = "" if monitored else "headScriptLogLines: 15\ntailScriptLogLines: 25\n"
    return section(event, "" if monitored else switch(True), owners,
                   f"rateLimit: 60\n{lines}priority: high   # high, normal, low\n"
                   f"subject: '❌ {event}: \"{{{{serviceName}}}}\"'\n"
                   f"bodyFileDirectory: templates\nhtmlTemplateFile: {event}\n"
                   f"{sender}: Qlik Sense (no-reply) <no-reply@qlik.example>\n"
                   "recipients:\n    - ops@qlik.example\n    - On call <duty@qlik.example>\n")


def email(layout):
    events = (*TASK_EVENTS, "serviceStopped", "serviceStarted")
    return section("emailNotification", switch(True), *(mail_event(event, layout) for event in events),
                   section("smtp", "host: smtp.qlik.example\nport: 587\nsecure: false\n",
                           section("tls", "serverName:\nignoreTLS: false\nrequireTLS: true\n"
                                          "rejectUnauthorized: true\n"),
                           section("auth", switch(True), "user: butler\npassword: smtp-s3cret\n")),
                   comment="Mails, also those about tasks")


def new_relic_destination(kind, dynamic):
    return section(kind, switch(True), "sendToAccount:\n    - Main\n",
                   section("attribute", static_tags(**{f"{kind}-attribute": "abc 123"}),
                           section("dynamic", dynamic)))


def incident_tools():
    shared = section("sharedSettings", "rateLimit: 15\n",
                     "header:\n    - name: X-My-Header\n      value: header-s3cret\n",
                     section("attribute", static_tags(service="butler", environment="prod")))
    tasks = "useAppTags: true\nuseTaskTags: true\n"
    services = "".join(f"service{what}: true\n" for what in ("Host", "Name", "DisplayName", "State"))
    return section("incidentTool", section("signl4", switch(False), "url: https://signl4.example\n"),
                   section("newRelic", switch(True),
                           section("url", "event: https://insights-collector.eu01.nr-data.net\n"
                                          "log: https://log-api.eu.newrelic.com/log/v1\n"),
                           *(section(event, section("destination",
                                                    new_relic_destination("event", tasks),
                                                    new_relic_destination("log", tasks)), shared)
                             for event in ("reloadTaskFailure", "reloadTaskAborted")),
                           section("serviceMonitor",
                                   section("destination", new_relic_destination("event", services),
                                           new_relic_destination("log", services)),
                                   section("monitorServiceState", section("running", switch(True)),
                                           section("stopped", switch(True))), shared)))


def webhooks():
    hooks = "".join(f"- description: '{method} to the desk'\n"
                    "  webhookURL: https://desk.example/hook?key=desk-s3cret\n"
                    f"  httpMethod: {method}\n"
                    "  cert:\n      enable: false\n      rejectUnauthorized: true\n"
                    "      certCA: /path/to/ca.pem\n" for method in ("POST", "PUT", "GET"))
    events = ("reloadTaskFailure", "reloadTaskAborted", "reloadTaskSuccess", "serviceMonitor",
              "qlikSenseServerLicenseMonitor", "qlikSenseServerLicenseExpiryAlert")
    return section("webhookNotification", switch(True),
                   *(section(event, "rateLimit: 300\n", section("webhooks", hooks))
                     for event in events))


def servers():
    topics = "".join(f"{topic}Topic: qliksense/{topic}\n"
                     for topic in ("taskStart", "taskFailure", "taskFailureFull", "taskAborted",
                                   "serviceRunning", "serviceStopped", "serviceStatus",
                                   "qlikSenseServerLicense"))
    endpoints = "".join(f"{name}: true\n" for name in (
        "apiListEnbledEndpoints", "base62ToBase16", "base16ToBase62", "butlerping", "createDir",
        "createDirQVD", "fileDelete", "fileMove", "fileCopy", "keyValueStore", "mqttPublishMessage",
        "newRelic", "scheduler", "senseAppReload", "senseAppDump", "senseListApps", "senseStartTask",
        "slackPostMessage"))
    return "".join([
        section("scheduler", switch(True), "configfile: config/schedule.yaml\n"),
        section("keyValueStore", switch(True), "maxKeysPerNamespace: 1000\n"),
        section("mqttConfig", switch(True), "brokerHost: broker.example\nbrokerPort: 1883\n",
                section("azureEventGrid", switch(False), "clientId: <client ID>\n"
                        "clientCertFile: <path>\nclientKeyFile: <path>\n"),
                "taskFailureSendFull: true\nsubscriptionRootTopic: qliksense/#\n", topics),
        section("udpServerConfig", switch(True), "serverHost: 10.11.12.13\nportTaskFailure: 9998\n"),
        section("restServerConfig", switch(True), "serverHost: 10.11.12.13\nserverPort: 8080\n"),
        section("fileCopyApprovedDirectories", "- fromDirectory: /a\n  toDirectory: /b\n"),
        "fileDeleteApprovedDirectories:\n    # - /a\n",
        section("restServerEndpointsEnable", endpoints),
        section("restServerEndpointsConfig", section("newRelic", section(
            "postNewRelicMetric", "destinationAccount:\n    - Main\n"))),
        section("startTaskFilter", switch(False), section("allowTask", "taskId: # none\n")),
    ])


def service_monitor():
    services = section("services", "".join(f"- name: {name}\n  friendlyName: Qlik Sense {friendly}\n"
                                           for name, friendly in SERVICES.items()))
    destinations = ("influxDb", "newRelic", "email", "mqtt", "teams", "slack", "webhook")
    return section("serviceMonitor", switch(True), "frequency: every 30 seconds\n",
                   section("monitor", "".join(f"- host: {host}.qlik.example\n" + indented(services, 2)
                                              for host in HOSTS),
                           "- host: store.qlik.example\n  services:\n      - name: Spooler\n"
                           "        friendlyName: Drucker für Berichte\n"),
                   section("alertDestination", *(section(name, switch(True)) for name in destinations)),
                   comment="Windows services")


def connections():
    return "".join([
        section("cert", "clientCert: /cert/client.pem\nclientCertKey: /cert/client_key.pem\n"
                        "clientCertCA: /cert/root.pem\n"),
        section("configEngine", "engineVersion: 12.612.0\nhost: central\nport: 4747\nuseSSL: true\n"),
        section("configQRS", "authentication: certificates\nhost: central\nport: 4242\nuseSSL: true\n"),
        section("configDirectories", "- env: QVDPATH\n  path: /qvd\n"),
        section("qlikSenseCloud", switch(False), section("event", section("mqtt", section(
            "tenant", "id: tenant.eu.qlikcloud.com\ntenantUrl: https://tenant.eu.qlikcloud.com\n")))),
    ])


def text(layout, line_end="\n"):
    """`layout` is "old" (InfluxDB's keys in influxDb itself, fromAdress) or "new"."""
    parts = (general(), influx(layout), qlik(), chats(), email(layout), incident_tools(), webhooks(),
             servers(), service_monitor(), connections())
    body = "\n".join(indented(part, 4) for part in parts)
    return ("---\nButler:\n    # Our site's configuration\n" + body).replace("\n", line_end)
