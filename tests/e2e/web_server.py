"""A web server with one page."""
import http.server
import socket
import threading


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(WebServer.page)))
        self.end_headers()
        self.wfile.write(WebServer.page)

    def log_message(self, *args):
        pass


class WebServer(http.server.ThreadingHTTPServer):
    """Serves page, by a thread of its own, until it is closed. ns: in that network namespace."""

    page = b"a page from behind the proxy\n" * 100
    request_queue_size = 64

    def __init__(self, host="127.0.0.1", port=0, ns=None):
        super().__init__((host, port), Pages, bind_and_activate=not ns)
        if ns:
            self.socket.close()
            self.socket = ns.socket(self.address_family)
            self.server_bind()
            self.server_activate()
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class WebServer6(WebServer):
    """The same with IPv6."""

    address_family = socket.AF_INET6

    def __init__(self, host="::1", ns=None):
        super().__init__(host, ns=ns)


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Files(WebServer):
    """Serves the files of a directory."""

    def __init__(self, directory):
        self.directory = str(directory)
        super().__init__()

    def finish_request(self, request, client_address):
        QuietFiles(request, client_address, self, directory=self.directory)
