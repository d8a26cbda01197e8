"""Two other ways to run PHP, for the script `run` beside this file: php-cgi by itself, and Apache's mod_php."""
import contextlib
import os
import pathlib
import time

from daemons import PHP_OPTIONS, await_answer
from server import START_SECONDS, Server, free_port
from web import CLIENTS, await_page

PHP_CGI = pathlib.Path("/usr/bin/php-cgi8.2")
APACHE = pathlib.Path("/usr/sbin/apache2")
MODULES = pathlib.Path("/usr/lib/apache2/modules")
MOD_PHP = MODULES / "libphp8.2.so"


def php_cgi_installed():
    return PHP_CGI.exists()


def mod_php_installed():
    return APACHE.exists() and MOD_PHP.exists() and (MODULES / "mod_mpm_prefork.so").exists()


@contextlib.contextmanager
def php_cgi(made, address, workers):
    """php-cgi with so many children that never end, at an address of its own."""
    command = [PHP_CGI, *PHP_OPTIONS, "-b", address]
    more = {"user": "www-data"} if os.geteuid() == 0 else {}
    server = Server("php-cgi", command, made.folder / "php-cgi.log", cwd=made.folder,
                    env={**os.environ, "PHP_FCGI_CHILDREN": str(workers), "PHP_FCGI_MAX_REQUESTS": "0",
                         "PHP_FCGI_BACKLOG": "4096"}, **more)
    server.address = address
    try:
        await_answer(server, address, made.script("hello"), time.monotonic() + START_SECONDS)
        yield server
    finally:
        server.stop()


def apache_configuration(folder, address, root):
    """Prefork needs a process for each connection that clients keep."""
    modules = "".join(f"LoadModule {module}_module {MODULES}/mod_{module}.so\n"
                      for module in ("mpm_prefork", "authz_core", "mime"))
    processes = 2 * CLIENTS
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    return f"""{modules}LoadModule php_module {MOD_PHP}
{user}
ServerRoot {folder}
ServerName localhost
Listen {address}
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
ErrorLog {folder}/error.log
TypesConfig /etc/mime.types
PHPIniDir {folder}
DocumentRoot {root}
KeepAlive On
MaxKeepAliveRequests 0
ServerLimit {processes}
StartServers {CLIENTS + 2}
MaxSpareServers {processes}
MaxRequestWorkers {processes}
MaxConnectionsPerChild 0
<Directory {root}>
  AllowOverride None
  Require all granted
</Directory>
<FilesMatch "\\.php$">
  SetHandler application/x-httpd-php
</FilesMatch>
"""


@contextlib.contextmanager
def mod_php(made):
    """Apache with PHP inside, over HTTP; its `address` is a port."""
    folder = made.folder / "apache"
    folder.mkdir(exist_ok=True)
    settings = [option for option in PHP_OPTIONS if "=" in option]
    (folder / "php.ini").write_text("\n".join(settings) + "\n")
    address = free_port()
    config = folder / "apache.conf"
    config.write_text(apache_configuration(folder, address, made.folder))
    server = Server("mod_php", [APACHE, "-d", folder, "-f", config, "-DFOREGROUND"], folder / "output.log",
                    env={**os.environ, "PHP_INI_SCAN_DIR": ""})
    server.address = address
    try:
        await_page(server)
        yield server
    finally:
        server.stop()
