#!/usr/bin/env python3
"""release-server.py PORT DIRECTORY LOG [CERTIFICATE KEY]: serves the files below DIRECTORY, with TLS where a certificate is given, and
is a proxy for everything else (CONNECT, and whole addresses).

LOG gets a line a request: `ADDRESS METHOD PATH`. What DIRECTORY/.faults says is looked up anew for each request, lines `PATH FAULT [ADDRESS]`
(for everybody, or one client):
missing (404), wrong (the last byte is another), cut (half of it, then the end), silent (half of it, then nothing).
DIRECTORY/.login, where it is there, is what a proxy's client has to log in with (`Basic ...`)."""
import http.server
import os
import shutil
import socket
import socketserver
import ssl
import sys
import threading
import time
import urllib.request

port, root, log = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def faults():  # of (path, fault, client or None)
    try:
        with open(os.path.join(root, ".faults")) as file:
            return [(line.split() + [None])[:3] for line in file if line.strip()]
    except FileNotFoundError:
        return []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def note(self):
        with open(log, "a") as file:
            file.write(f"{self.client_address[0]} {self.command} {self.path}\n")

    def refuse(self, code):
        self.send_response(code)
        self.send_header("content-length", "0")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True

    def allowed(self):
        try:
            with open(os.path.join(root, ".login")) as file:
                return self.headers.get("proxy-authorization") == file.read().strip()
        except FileNotFoundError:
            return True

    def do_CONNECT(self):
        self.note()
        if not self.allowed():
            return self.refuse(407)
        host, _, there = self.path.rpartition(":")
        with socket.create_connection((host, int(there)), 10) as server:
            self.send_response(200)
            self.end_headers()
            self.wfile.flush()
            client = self.connection

            def copy(one, other):
                try:
                    while data := one.recv(65536):
                        other.sendall(data)
                except OSError:
                    pass
                try:
                    other.shutdown(socket.SHUT_WR)
                except OSError:
                    pass

            back = threading.Thread(target=copy, args=(server, client))
            server.settimeout(None)
            back.start()
            copy(client, server)
            back.join()
        self.close_connection = True

    def forward(self):
        if not self.allowed():
            return self.refuse(407)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(self.path, timeout=60) as answer:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in ("connection", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("connection", "close")
                self.end_headers()
                shutil.copyfileobj(answer, self.wfile)
        except OSError:
            self.refuse(502)
        self.close_connection = True

    def do_GET(self):
        self.note()
        if self.path.startswith("http://"):
            return self.forward()
        path = os.path.join(root, self.path.lstrip("/"))
        client = self.client_address[0]
        fault = next((fault for path, fault, only in faults() if path == self.path and only in (None, client)), None)
        if fault == "missing" or ".." in self.path or not os.path.isfile(path):
            return self.refuse(404)
        size = os.path.getsize(path)
        begin = 0
        asked = self.headers.get("range", "")
        if asked.startswith("bytes=") and asked.endswith("-") and fault is None:
            begin = int(asked[6:-1])
            if begin >= size:
                return self.refuse(416)
            self.send_response(206)
            self.send_header("content-range", f"bytes {begin}-{size - 1}/{size}")
        else:
            self.send_response(200)
        self.send_header("content-length", str(size - begin))
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        with open(path, "rb") as file:
            file.seek(begin)
            if fault in ("cut", "silent"):
                self.wfile.write(file.read((size - begin) // 2))
                self.wfile.flush()
                if fault == "silent":
                    time.sleep(600)
            elif fault == "wrong":
                data = bytearray(file.read())
                data[-1] ^= 1
                self.wfile.write(data)
            else:
                shutil.copyfileobj(file, self.wfile, 1 << 20)

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def finish_request(self, request, client_address):
        # In the thread of the request: one that never says hello holds nobody up.
        if len(sys.argv) > 5:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[4], sys.argv[5])
            try:
                request = context.wrap_socket(request, server_side=True)
            except OSError:
                return
        self.RequestHandlerClass(request, client_address, self)
        if len(sys.argv) > 5:
            try:
                request.unwrap()
            except OSError:
                pass


Server(("", port), Handler).serve_forever()
