"""nginx with a private configuration: TLS, a path below which tocsin is, and a header that names the user."""
import pathlib
import subprocess
import tempfile

from servers import ended_if_it_fails, free_port, listens, require, wait_until


class Nginx:
    """`to`: the URL that /monitoring/ leads to, with its slash."""

    def __init__(self, authority, to, user="carol"):
        require("nginx")
        self.port = free_port()
        self._authority, self._to, self._user = authority, to, user
        self._folder = tempfile.TemporaryDirectory(prefix="tocsin-nginx-")
        self.process = None

    @property
    def url(self):
        return f"https://localhost:{self.port}/monitoring/"

    @ended_if_it_fails
    def __enter__(self):
        folder = pathlib.Path(self._folder.name)
        temporary = "".join(f"  {kind}_temp_path {folder}/{kind};\n" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(f"""
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
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
        self.process = subprocess.Popen(["nginx", "-e", folder / "error.log", "-c", folder / "nginx.conf"],
                                        stdin=subprocess.DEVNULL)
        wait_until(lambda: listens(self.process.pid, self.port), 10,
                   lambda: f"nginx listens: {(folder / 'error.log').read_text()}")
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
        self._folder.cleanup()
