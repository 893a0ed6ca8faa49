"""Benchmarks as people have written them for SeBS, in its older and in its newer conventions.

The directories have blanks in their paths, and use all that a function is given.
"""

from __future__ import annotations

import json
from pathlib import Path

OLD = "390.first-generation"
NEW = "391.second-generation"

OLD_INPUT = """
import os

def buckets_count():
    return (1, 1)

def generate_input(data_dir, size, input_buckets, output_buckets, upload_func):
    os.makedirs(os.path.join(data_dir, "tree", "deep"), exist_ok=True)
    for name in ("tree/one.txt", "tree/deep/two.txt"):
        path = os.path.join(data_dir, name)
        with open(path, "w") as out:
            out.write(name)
        upload_func(0, name, path)
    input_config = {"object": {}, "bucket": {}}
    input_config["object"]["key"] = "tree"
    input_config["object"]["size"] = {"test": 3, "small": 30}[size]
    input_config["bucket"]["input"] = input_buckets[0]
    input_config["bucket"]["output"] = output_buckets[0]
    return input_config
"""

#: Head of ``validate_output`` in every form that SeBS has had, and in forms of one's own.
VALIDATORS = {
    "plain": "input_config, output",
    "storage": "input_config, output, storage=None",
    "language": "input_config: dict, output: dict, language: str, storage = None",
    "architecture": "input_config, output, language, architecture, storage=None",
    "newest": "data_dir: str | None, input_config: dict, output: dict, language: str, storage=None",
    "own-names": "where, sent, got, tongue, store",
    "keywords": "data_dir, input_config, output, **more",
    "variadic": "*args",
}

_BODY = """
    given = locals()
    if "args" in given:
        data_dir, input_config, output = given["args"][:3]
    elif "sent" in given:
        input_config, output = sent, got
    right = "tree/deep/two.txt+tree/one.txt:" + str(input_config["object"]["size"])
    if output["result"]["text"] != right:
        return f"{output['result']['text']} is not {right}"
    store = given.get("storage") or given.get("store") or given.get("more", {}).get("storage")
    if store is not None:
        import os, tempfile
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "read back")
            store.download(input_config["bucket"]["output"], output["result"]["key"], path)
            with open(path) as stream:
                if stream.read() != right:
                    return "the stored object is wrong"
    return None
"""

OLD_PYTHON = """
import datetime
import io
import os
import uuid

from . import storage
from .helpers import joined

client = storage.storage.get_instance()
SCRIPT_DIR = os.path.abspath(os.path.join(os.path.dirname(__file__)))

def handler(event):
    input_bucket = event.get("bucket").get("input")
    output_bucket = event.get("bucket").get("output")
    key = event.get("object").get("key")
    begin = datetime.datetime.now()
    download_path = "/tmp/{}-{}".format(key, uuid.uuid4())
    os.makedirs(download_path)
    client.download_directory(input_bucket, key, download_path)
    single = os.path.join(download_path, "single")
    client.download(input_bucket, "tree/one.txt", single)
    with open(single) as stream:
        assert stream.read() == "tree/one.txt"
    text = joined(download_path) + ":" + str(event["object"]["size"])
    with open(os.path.join(SCRIPT_DIR, "templates", "template.txt")) as template:
        assert template.read().strip() == "made by init.sh"
    with open(single, "w") as stream:
        stream.write(text)
    key_name = client.upload(output_bucket, "result.txt", single)
    assert key_name != "result.txt" and key_name.endswith(".txt")
    streamed = client.upload_stream(output_bucket, "streamed.bin", io.BytesIO(b"streamed"))
    assert io.BytesIO(client.download_stream(output_bucket, streamed)).read() == b"streamed"
    took = (datetime.datetime.now() - begin) / datetime.timedelta(microseconds=1)
    return {
        "result": {"bucket": output_bucket, "key": key_name, "text": text},
        "measurement": {"download_time": took},
    }
"""

HELPERS = """
import os

def joined(directory):
    found = []
    for root, _, files in os.walk(os.path.join(directory, "tree")):
        for name in files:
            with open(os.path.join(root, name)) as stream:
                found.append(stream.read())
    return "+".join(sorted(found))
"""

OLD_NODEJS = """
const fs = require('fs');
const path = require('path');
const assert = require('assert');
const storage = require('./storage');
const { joined } = require('./helpers');

let storage_handler = new storage.storage();

exports.handler = async function(event) {
  const input_bucket = event.bucket.input, output_bucket = event.bucket.output;
  const download_path = fs.mkdtempSync(path.join('/tmp', 'foreign-'));
  await storage_handler.download_directory(input_bucket, event.object.key, download_path);
  const single = path.join(download_path, 'single');
  await storage_handler.download(input_bucket, 'tree/one.txt', single);
  assert.equal(fs.readFileSync(single, 'utf8'), 'tree/one.txt');
  const text = joined(download_path) + ':' + event.object.size;
  const template = fs.readFileSync(path.join(__dirname, 'templates', 'template.txt'), 'utf8');
  assert.equal(template.trim(), 'made by init.sh');
  fs.writeFileSync(single, text);
  const [key_name, uploaded] = storage_handler.upload(output_bucket, 'result.txt', single);
  await uploaded;
  const [stream, promise, streamed] = storage_handler.uploadStream(output_bucket, 'streamed.bin');
  stream.end('streamed');
  await promise;
  const chunks = [];
  for await (const chunk of await storage_handler.downloadStream(output_bucket, streamed)) {
    chunks.push(chunk);
  }
  assert.equal(Buffer.concat(chunks).toString(), 'streamed');
  fs.rmSync(download_path, { recursive: true });
  return { result: { bucket: output_bucket, key: key_name, text } };
};
"""

NODE_HELPERS = """
const fs = require('fs');
const path = require('path');
function walk(directory) {
  return fs.readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const below = path.join(directory, entry.name);
    return entry.isDirectory() ? walk(below) : [fs.readFileSync(below, 'utf8')];
  });
}
exports.joined = (directory) => walk(path.join(directory, 'tree')).sort().join('+');
"""

INIT = """#!/bin/bash
DIR=$1
VERBOSE=$2
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" >/dev/null 2>&1 && pwd)"
if [ "$VERBOSE" = true ]; then
  echo "Update ${DIR} with ${SCRIPT_DIR}"
fi
[ "$3" = x64 ] || exit 9
cp -r "${SCRIPT_DIR}/templates" "${DIR}"
"""

NEW_INPUT = """
import os

size_generators = {"test": 2, "small": 20, "large": 200}

def buckets_count():
    return (1, 1)

def allocate_nosql():
    return {"shopping_cart": {"primary_key": "cart_id", "secondary_key": "product_id"}}

def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    path = os.path.join(data_dir, "number.txt")
    with open(path, "w") as out:
        out.write(str(size_generators[size]))
    upload_func(0, "number.txt", path)
    for product in ("a", "b"):
        nosql_func(
            "391.second-generation",
            "shopping_cart",
            {"name": product.upper(), "price": 2.5, "quantity": 1},
            ("cart_id", "42"),
            ("product_id", product),
        )
    return {
        "bucket": {
            "bucket": benchmarks_bucket, "input": input_paths[0], "output": output_paths[0]
        },
        "object": {"key": "number.txt"},
    }

def validate_output(
    data_dir: str | None, input_config: dict, output: dict, language: str, storage = None
) -> str | None:
    result = output.get("result", {})
    wanted = {"number": 2, "products": ["a", "c"], "quantity": 5, "flavour": "plain"}
    for name, value in wanted.items():
        if result.get(name) != value:
            return f"{name} is {result.get(name)}, not {value} ({language})"
    if storage is None:
        return "the validator got no storage"
    found = storage.list_bucket(input_config["bucket"]["bucket"], result["key"])
    return None if result["key"] in found else f"{result['key']} is not in {found}"
"""

NEW_PYTHON = """
import os

from . import nosql
from . import storage

nosql_client = nosql.nosql.get_instance()
client = storage.storage.get_instance()
FLAVOUR = "plain"

def handler(event):
    bucket = event["bucket"]["bucket"]
    path = os.path.join("/tmp", "number-" + str(os.getpid()))
    source = os.path.join(event["bucket"]["input"], event["object"]["key"])
    client.download(bucket, source, path)
    with open(path) as stream:
        number = int(stream.read())
    target = os.path.join(event["bucket"]["output"], "number.txt")
    key = client.upload(bucket, target, path)
    os.remove(path)
    table, cart = "shopping_cart", ("cart_id", "42")
    data = {"price": 1.5, "quantity": 3, "name": "C"}
    nosql_client.insert(table, cart, ("product_id", "c"), data)
    nosql_client.update(table, cart, ("product_id", "c"), {"quantity": 5})
    quantity = nosql_client.get(table, cart, ("product_id", "c"))["quantity"]
    nosql_client.delete(table, cart, ("product_id", "b"))
    products = [item["product_id"] for item in nosql_client.query(table, cart, "product_id")]
    return {
        "result": {
            "number": number, "key": key, "products": products, "quantity": quantity,
            "flavour": FLAVOUR,
        }
    }
"""

NEW_NODEJS = """
const fs = require('fs');
const path = require('path');
const nosql = require('./nosql');
const storage = require('./storage');

const nosqlClient = nosql.nosql.get_instance();
const storageHandler = new storage.storage();
const FLAVOUR = 'plain';

exports.handler = async function(event) {
  const bucket = event.bucket.bucket;
  const file = path.join('/tmp', `number-${process.pid}`);
  await storageHandler.download(bucket, path.join(event.bucket.input, event.object.key), file);
  const number = parseInt(fs.readFileSync(file, 'utf8'), 10);
  const target = path.join(event.bucket.output, 'number.txt');
  const [key, uploaded] = storageHandler.upload(bucket, target, file);
  await uploaded;
  fs.unlinkSync(file);
  const table = 'shopping_cart', cart = ['cart_id', '42'], product = ['product_id', 'c'];
  await nosqlClient.insert(table, cart, product, { price: 1.5, quantity: 3, name: 'C' });
  await nosqlClient.update(table, cart, product, { quantity: 5 });
  const { quantity } = await nosqlClient.get(table, cart, product);
  await nosqlClient.delete(table, cart, ['product_id', 'b']);
  const products = (await nosqlClient.query(table, cart, 'product_id')).map((i) => i.product_id);
  return { result: { number, key, products, quantity, flavour: FLAVOUR } };
};
"""

PATCH = """--- a/function.py
+++ b/function.py
@@ -7,3 +7,3 @@
 nosql_client = nosql.nosql.get_instance()
 client = storage.storage.get_instance()
-FLAVOUR = "plain"
+FLAVOUR = "patched"
"""

NEW_CONFIG = {
    "timeout": 30,
    "memory": 256,
    "languages": [
        {
            "language": "python",
            "variants": {
                "default": "default",
                "patched": "patched",
                "overlaid": {"workers": "over", "containers": "default"},
            },
        },
        {"language": "nodejs", "variants": ["default", "bun"]},
        "java",
        "cpp",
        "rust",
    ],
    "modules": ["storage", "nosql"],
    "cpp_dependencies": ["sdk"],
}


def write_old(root: Path, validator: str = "storage") -> None:
    """Write the benchmark of the first generation, in a group, with an ``init.sh`` a language."""
    benchmark = root / "300.utilities" / OLD
    head = f"\ndef validate_output({VALIDATORS[validator]}):"
    config = {"timeout": 30, "memory": 256, "languages": ["python", "nodejs"]}
    _write(
        benchmark,
        {
            "config.json": json.dumps(config),
            "input.py": OLD_INPUT + head + _BODY,
            "python/function.py": OLD_PYTHON,
            "python/helpers.py": HELPERS,
            "python/init.sh": INIT,
            "python/templates/template.txt": "made by init.sh\n",
            "nodejs/function.js": OLD_NODEJS,
            "nodejs/helpers.js": NODE_HELPERS,
            "nodejs/init.sh": INIT,
            "nodejs/templates/template.txt": "made by init.sh\n",
        },
    )


def write_new(root: Path) -> Path:
    """Write the benchmark of the second generation, with variants and languages of all kinds."""
    benchmark = root / "300.utilities" / NEW
    _write(
        benchmark,
        {
            "config.json": json.dumps(NEW_CONFIG),
            "input.py": NEW_INPUT,
            "python/function.py": NEW_PYTHON,
            "python/patched/patch.diff": PATCH,
            "python/over/function.py": NEW_PYTHON.replace('"plain"', '"overlaid"'),
            "nodejs/function.js": NEW_NODEJS,
            "nodejs/bun/function.js": NEW_NODEJS.replace("'plain'", "'bun'"),
            "java/src/main/java/function/Function.java": "package function;",
            "cpp/main.cpp": "int main() {}",
            "rust/src/main.rs": "fn main() {}",
        },
    )
    return benchmark


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
