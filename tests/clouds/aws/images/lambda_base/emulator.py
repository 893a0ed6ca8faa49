"""Runs a function as Lambda's runtime interface emulator does: events come in on port 8080.

The language's runtime client, which the arguments name, is given them through the runtime API.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

API = ("127.0.0.1", 9001)
INVOKE = "/2015-03-31/functions/function/invocations"
RUNTIME = "/2018-06-01/runtime/"

events: queue.Queue = queue.Queue()
answers: queue.Queue = queue.Queue()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        headers |= {"Content-Length": len(body), "Content-Type": "application/json"}
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)


class Outside(Handler):
    def do_POST(self):
        if self.path != INVOKE:
            return self.answer(404)
        events.put((self.headers.get("X-Amzn-RequestId", "none"), self.body()))
        return self.answer(200, answers.get())


class Inside(Handler):
    def do_GET(self):
        if self.path != RUNTIME + "invocation/next":
            return self.answer(404)
        request_id, event = events.get()
        return self.answer(
            200,
            event,
            Lambda_Runtime_Aws_Request_Id=request_id,
            Lambda_Runtime_Deadline_Ms=int((time.time() + 60) * 1000),
            Lambda_Runtime_Invoked_Function_Arn=os.environ.get("_LAMBDA_FUNCTION_ARN") or "none",
        )

    def do_POST(self):
        answers.put(self.body())
        self.answer(202, json.dumps({"status": "OK"}).encode())


def serve(address, handler):
    server = ThreadingHTTPServer(address, handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


if __name__ == "__main__":
    serve(API, Inside)
    serve(("0.0.0.0", 8080), Outside)
    environment = {"AWS_LAMBDA_RUNTIME_API": "{}:{}".format(*API), "LAMBDA_TASK_ROOT": os.getcwd()}
    sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, **environment}).returncode)
