'use strict';
// Object storage for functions: a server that speaks S3, Amazon's or another.
//
// Part of a function's package, so it needs nothing but what comes with Node.js.

const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { pipeline } = require('stream/promises');
const { Client, Refused, text } = require('./aws_client');
const { checkBucket, objectPath, uniqueName } = require('./storage_keys');

// Bytes of the largest object that one request can write
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html).
const MAX_UPLOAD = 5 * 2 ** 30;

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

class storage {
  constructor() {
    this.client = new Client('s3');
  }

  static get_instance() {
    if (!storage.instance) {
      storage.instance = new storage();
    }
    return storage.instance;
  }

  // A name that no other invocation uses: a random part before the extension.
  unique_name(file) {
    return uniqueName(file);
  }

  // The key actually used, and a promise that the object is there.
  upload(bucket, file, filepath) {
    const key = this.unique_name(file);
    return [key, this._put(objectTarget(bucket, key), filepath)];
  }

  // A promise that the file is there.
  download(bucket, file, filepath) {
    const target = objectTarget(bucket, file);
    return this._request('GET', target).then((response) =>
      pipeline(response, fs.createWriteStream(filepath)),
    );
  }

  // A promise that all objects whose keys start with a prefix are in files named by the whole keys.
  async download_directory(bucket, prefix, directory) {
    for await (const key of this._keys(bucket, prefix)) {
      objectPath(key); // which no key passes that leads out of the directory
      const target = path.join(directory, key);
      await fs.promises.mkdir(path.dirname(target), { recursive: true });
      await this.download(bucket, key, target);
    }
  }

  // A stream to write to, a promise that the object is there once the stream has ended, its key.
  // What is written is kept in a file until then: a request begins with the hash of its body.
  uploadStream(bucket, file) {
    const key = this.unique_name(file);
    const target = objectTarget(bucket, key);
    const temporary = path.join(os.tmpdir(), crypto.randomUUID());
    const stream = fs.createWriteStream(temporary, { flags: 'wx', mode: 0o600 });
    const written = new Promise((resolve, reject) => {
      stream.on('error', reject);
      stream.on('close', () => {
        if (stream.writableFinished) {
          resolve();
        } else {
          reject(new Error(`The stream for ${key} was destroyed before its end`));
        }
      });
    });
    const stored = written
      .then(() => this._put(target, temporary))
      .finally(() => fs.promises.rm(temporary, { force: true }));
    return [stream, stored, key];
  }

  // A promise of a stream to read from.
  downloadStream(bucket, file) {
    return this._request('GET', objectTarget(bucket, file));
  }

  async _put(target, filepath) {
    const { size } = await fs.promises.stat(filepath);
    if (size > MAX_UPLOAD) {
      const key = JSON.stringify(target.key);
      throw new RangeError(`${key} would have ${size} bytes, of ${MAX_UPLOAD} allowed`);
    }
    const hash = crypto.createHash('sha256');
    await pipeline(fs.createReadStream(filepath), hash);
    const open = () => fs.createReadStream(filepath);
    const body = { size, hash: hash.digest('hex'), open };
    await text(await this._request('PUT', target, {}, body));
  }

  async *_keys(bucket, prefix) {
    const target = { bucket, key: prefix, path: `/${checkBucket(bucket)}` };
    const query = { 'list-type': '2', 'encoding-type': 'url', prefix };
    do {
      const page = await text(await this._request('GET', target, query));
      for (const [, entry] of page.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        yield decodeURIComponent(element(entry, 'Key').replaceAll('+', ' '));
      }
      query['continuation-token'] = element(page, 'NextContinuationToken');
    } while (query['continuation-token']);
  }

  // A promise of the answer, of which nothing has been read.
  async _request(method, target, query, body) {
    try {
      return await this.client.request({ method, path: target.path, query, body });
    } catch (error) {
      throw error instanceof Refused ? failure(method, target, error) : error;
    }
  }
}

// Where an object is: its names, and its path on the server, not yet encoded.
function objectTarget(bucket, key) {
  objectPath(key);
  return { bucket, key, path: `/${checkBucket(bucket)}/${key}` };
}

// The text of the first element of a name in one of the service's flat documents; empty without.
function element(document, name) {
  const found = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(document);
  return found ? found[1].replace(/&(#x?)?(\w+);/g, entity) : '';
}

function entity(whole, number, name) {
  if (number === undefined) {
    return ENTITIES[name] || whole;
  }
  return String.fromCodePoint(Number.parseInt(name, number === '#x' ? 16 : 10));
}

// What the server's refusal means.
function failure(method, { bucket, key }, { status, answer }) {
  const code = element(answer, 'Code') || `HTTP ${status}`;
  if (code === 'NoSuchBucket') {
    return new Error(`There is no bucket ${JSON.stringify(bucket)}`);
  }
  if (code === 'NoSuchKey') {
    return new Error(`The bucket ${bucket} has no object ${JSON.stringify(key)}`);
  }
  const message = element(answer, 'Message');
  return new Error(`${method} of ${JSON.stringify(key)} in ${bucket}: ${code}: ${message}`);
}

exports.storage = storage;
