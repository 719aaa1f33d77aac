"""RabbitMQ with its MQTT plugin, whose users may write some topics only."""
import json
import os

from servers import free_port
from unpacked import Unpacked


_BIN = "/usr/lib/rabbitmq/bin"  # Debian's own commands change the user first


class RabbitMq(Unpacked):
    """Nothing of it outside its folder. `users` are {name: what they may write}, a regular expression of
    topics with dots in place of slashes; each has `PASSWORD`."""

    PROGRAMS = ("rabbitmq-server", "rabbitmqctl", "erl")
    PASSWORD = "s3cret-p4ssword"

    def __init__(self, users):
        super().__init__()
        self.topics = users
        self.users = dict.fromkeys(users, self.PASSWORD)  # these and `authority` as broker.Mosquitto
        self.authority = None
        self.port = free_port()
        self.epmd_port = free_port()
        self.environment = {}

    def up(self):
        folder = self.folder
        everything = {"vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
        (folder / "definitions.json").write_text(json.dumps({
            "rabbit_version": "3.10.8", "vhosts": [{"name": "/"}],
            "users": [{"name": user, "password": self.PASSWORD, "tags": ""} for user in self.topics],
            "permissions": [{"user": user, **everything} for user in self.topics],
            "topic_permissions": [{"user": user, "vhost": "/", "exchange": "amq.topic", "write": topics,
                                   "read": ".*"} for user, topics in self.topics.items()],
        }), encoding="utf-8")
        (folder / "rabbitmq.conf").write_text(f"""
listeners.tcp.1 = 127.0.0.1:{free_port()}
mqtt.listeners.tcp.1 = 127.0.0.1:{self.port}
mqtt.allow_anonymous = false
load_definitions = {folder}/definitions.json
log.console = true
log.file = false
""", encoding="utf-8")
        (folder / "plugins").write_text("[rabbitmq_mqtt].\n", encoding="utf-8")
        name = f"tocsin{self.port}@localhost"
        self.environment = {
            "HOME": str(folder), "RABBITMQ_NODENAME": name,
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"), "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"), "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_DIST_PORT": str(free_port()), "ERL_EPMD_PORT": str(self.epmd_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "+S 1:1 -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"}
        # Else the node leaves one behind.
        self.start("epmd", "-port", str(self.epmd_port), "-address", "127.0.0.1", port=self.epmd_port)
        self.start(f"{_BIN}/rabbitmq-server", port=self.port, env=self.environment)

    def allow(self, user, topics):
        self.run(*self._ctl("-q", "set_topic_permissions", user, "amq.topic", topics, ".*"), env=self._env())

    def speaks_mqtt_5(self):
        return self.version(*self._ctl("version"), env=self._env()) >= (3, 13)

    def _ctl(self, *words):
        return f"{_BIN}/rabbitmqctl", *words

    def _env(self):
        return {**os.environ, **self.environment}
