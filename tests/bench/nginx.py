"""An nginx of one's own in front of a daemon, for the script `run` beside this file."""
import contextlib
import os
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

from daemons import START_SECONDS, STOP_SECONDS, free_port

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


def await_answer(process, address, log):
    end = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            with urllib.request.urlopen(f"http://{address}/hello.php", timeout=1):
                return
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"nginx did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.01)


@contextlib.contextmanager
def started(daemon, way):
    """Gives the address it listens at."""
    folder = daemon.folder / "nginx"
    folder.mkdir(exist_ok=True)
    address = free_port()
    log = folder / "error.log"
    config = folder / "nginx.conf"
    config.write_text(configuration(folder, address, daemon, way))
    process = subprocess.Popen([PROGRAM, "-p", folder, "-e", log, "-c", config], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        await_answer(process, address, log)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)
