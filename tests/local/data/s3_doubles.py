"""moto's S3, a server that is not ours, as a process of its own; and the client for Node.js."""

import base64
import json
import os
import re
import subprocess
import sys
import time
import urllib.request

import boto3
from wrappers_doubles import NODE, WRAPPERS

_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}


class S3Server:
    """A server of one test process, which verifies every signature.

    What is in it is forgotten by :meth:`reset`, which makes other credentials, too.

    Args:
        log: File for what it prints.
    """

    def __init__(self, log):
        self._log = log
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=output, env={**os.environ, "PYTHONUNBUFFERED": "1"}
            )
        self.endpoint = self._address()
        self.section = {"type": "s3", "endpoint": self.endpoint}
        self.access_key = self.secret_key = ""
        self._identities = boto3.client(
            "iam",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="nobody",
            aws_secret_access_key="nobody",
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(10)

    def _address(self):
        deadline = time.monotonic() + 60
        while self._process.poll() is None and time.monotonic() < deadline:
            found = re.search(r"http://127\.0\.0\.1:\d+", self._log.read_text())
            if found:
                return found[0]
            time.sleep(0.02)
        self._process.kill()
        raise RuntimeError(f"moto's server does not start: {self._log.read_text()}")

    def reset(self):
        """Forget everything, and let in nobody but a new user."""
        self._post("reset")
        self._post("reset-auth", b"3")  # so many requests are not verified: the next three
        self._identities.create_user(UserName="user")
        keys = self._identities.create_access_key(UserName="user")["AccessKey"]
        self._identities.put_user_policy(
            UserName="user", PolicyName="all", PolicyDocument=json.dumps(_POLICY)
        )
        self.access_key, self.secret_key = keys["AccessKeyId"], keys["SecretAccessKey"]

    def client(self):
        """Return the SDK's client."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )

    def variables(self):
        """Return the variables with which a function is told of it."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }

    def _post(self, action, body=b""):
        request = urllib.request.Request(
            f"{self.endpoint}/moto-api/{action}", body, {"Content-Type": "text/plain"}
        )
        urllib.request.urlopen(request, timeout=30).close()


_NODE_CALLS = """
const directory = process.argv[1];
const signing = require(`${directory}/aws_sigv4.js`);
let client;
function open() {
  if (!client) {
    client = new (require(`${directory}/storage.js`).storage)();
    client.unique_name = (name) => name;
  }
  return client;
}
async function collect(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
const calls = {
  sign({ path, query, now, ...rest }) {
    const encoded = signing.encodePath(path);
    const search = signing.encodeQuery(query);
    const when = new Date(now * 1000);
    const headers = signing.sign({ path: encoded, query: search, now: when, ...rest });
    return [encoded, search, headers];
  },
  async write({ bucket, key, content }) {
    const [stream, stored, used] = open().uploadStream(bucket, key);
    stream.end(Buffer.from(content, 'base64'));
    await stored;
    return used;
  },
  async read({ bucket, key }) {
    return (await collect(await open().downloadStream(bucket, key))).toString('base64');
  },
  async upload({ bucket, key, path }) {
    const [used, stored] = open().upload(bucket, key, path);
    await stored;
    return used;
  },
  async download({ bucket, key, path }) {
    await open().download(bucket, key, path);
  },
  async directory({ bucket, prefix, path }) {
    await open().download_directory(bucket, prefix, path);
  },
  async keys({ bucket, prefix }) {
    const keys = [];
    for await (const key of open()._keys(bucket, prefix)) keys.push(key);
    return keys;
  },
};
(async () => {
  const lines = require('readline').createInterface({ input: process.stdin });
  for await (const line of lines) {
    const { call, ...given } = JSON.parse(line);
    let answer;
    try {
      answer = { result: await calls[call](given) };
    } catch (error) {
      answer = { error: error.message };
    }
    console.log(JSON.stringify(answer));
  }
  process.exit();
})();
"""


class NodeClient:
    """The storage of the wrappers for Node.js, in a process.

    Args:
        variables: All of its variables.
    """

    def __init__(self, variables):
        self._process = subprocess.Popen(
            [NODE, "-e", _NODE_CALLS, str(WRAPPERS / "nodejs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=variables,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def __call__(self, call, **given):
        self._process.stdin.write(json.dumps({"call": call, **given}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise OSError(answer["error"])
        return answer.get("result")

    def write(self, bucket, key, content):
        return self("write", bucket=bucket, key=key, content=base64.b64encode(content).decode())

    def read(self, bucket, key):
        return base64.b64decode(self("read", bucket=bucket, key=key))
