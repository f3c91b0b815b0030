"""wsgi.py: a small WSGI application under wsgiref with a thread per connection, on a port
of its own, printed after READY. `application` is also what gunicorn serves, where it is
installed. The load comes from load.py."""
import json

from progress import ready


def orders(n):
    return [{"id": i, "name": "order %d" % i, "total": i * 1.25} for i in range(n)]


def render(rows):
    return json.dumps({"rows": rows, "sum": sum(row["total"] for row in rows)})


def application(environ, start_response):
    body = render(orders(60)).encode()
    start_response("200 OK", [("Content-Type", "application/json"),
                              ("Content-Length", str(len(body)))])
    return [body]


def main():
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True
        request_queue_size = 64

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args):
            pass

    server = make_server("127.0.0.1", 0, application, Server, Quiet)
    ready(server.server_port)
    server.serve_forever()


if __name__ == "__main__":
    main()
