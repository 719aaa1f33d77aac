"""nginx, unpacked, with a private configuration: TLS, a path below which tocsin is, and a header that names the user."""
from servers import free_port
from unpacked import Unpacked


class Nginx(Unpacked):
    """`to`: the URL that /monitoring/ leads to, with its slash."""

    PROGRAMS = ("nginx",)

    def __init__(self, authority, to, user="carol"):
        super().__init__()
        self.port = free_port()
        self._authority, self._to, self._user = authority, to, user

    @property
    def url(self):
        return f"https://localhost:{self.port}/monitoring/"

    def up(self):
        """Buffering stays on, as by default: what must not wait says so itself."""
        temporary = "".join(f"  {kind}_temp_path {self.folder}/{kind};\n" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        file, log = self.folder / "nginx.conf", self.folder / "log"
        file.write_text(f"""
daemon off;
pid {self.folder}/pid;
error_log {log};
worker_processes 1;
events {{}}
http {{
  access_log off;
{temporary}
  server {{
    listen 127.0.0.1:{self.port} ssl;
    ssl_certificate {self._authority.server_certificate};
    ssl_certificate_key {self._authority.server_key};
    location /monitoring/ {{
      proxy_pass {self._to};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-User {self._user};
    }}
  }}
}}
""", encoding="utf-8")
        self.start("nginx", "-e", log, "-c", file, port=self.port)
