"""An nginx of one's own in front of a daemon, for the script `run` beside this file."""
import contextlib
import os
import pathlib

from server import Server, free_port
from web import await_page

PROGRAM = pathlib.Path("/usr/sbin/nginx")
PARAMS = pathlib.Path("/etc/nginx/fastcgi_params")


def installed():
    return PROGRAM.exists() and PARAMS.exists()


def configuration(folder, address, daemon, way):
    """`way` is "short", a FastCGI connection for each request, or "kept"."""
    temporary = "".join(f"  {kind}_temp_path {folder}/{kind};\n"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    kept = way == "kept"
    return f"""{"user www-data;" if os.geteuid() == 0 else ""}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000;
{temporary}  upstream php {{
    server unix:{daemon.address};
    {"keepalive 64; keepalive_requests 1000000;" if kept else ""}
  }}
  server {{
    listen {address};
    root {daemon.folder};
    location / {{
      include {PARAMS};
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      {"fastcgi_keep_conn on;" if kept else ""}
      fastcgi_pass php;
    }}
  }}
}}
"""


@contextlib.contextmanager
def started(daemon, way):
    """The server, with the `address` that it listens at."""
    folder = daemon.folder / "nginx"
    folder.mkdir(exist_ok=True)
    address = free_port()
    log = folder / "error.log"
    config = folder / "nginx.conf"
    config.write_text(configuration(folder, address, daemon, way))
    server = Server("nginx", [PROGRAM, "-p", folder, "-e", "stderr", "-c", config], log)
    server.address = address
    try:
        await_page(server)
        yield server
    finally:
        server.stop()
