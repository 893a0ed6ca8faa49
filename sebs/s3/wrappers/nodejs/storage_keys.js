'use strict';
// Names of buckets and objects, the same whichever storage the local platform has.
//
// Part of a function's package, so it needs nothing but what comes with Node.js. The rule from keys
// to files is the one of sebs/local/keys.py; a key that has no file is refused by every storage.

const crypto = require('crypto');
const path = require('path');

const MAX_KEY = 1024;
const MAX_NAME = 255;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

// The names from the bucket's directory down to the object's file.
function objectPath(key) {
  const parts = key.split('/');
  const bytes = Buffer.from(key);
  const isText = bytes.toString() === key;
  const isSafe = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isText || !isSafe || bytes.length > MAX_KEY || key.includes('\0')) {
    throw new RangeError(`${JSON.stringify(key.slice(0, 200))} cannot be the key of an object`);
  }
  const names = parts.map((part) => part.replaceAll('%', '%25'));
  names[names.length - 1] += '%';
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME)) {
    throw new RangeError(
      `${JSON.stringify(key.slice(0, 200))} has a part that is too long for the key of an object`,
    );
  }
  return names;
}

// The name of a bucket; no bucket can have any other.
function checkBucket(bucket) {
  if (!BUCKET.test(bucket)) {
    throw new Error(`There is no bucket ${JSON.stringify(bucket)}`);
  }
  return bucket;
}

// A name that no other invocation uses: a random part before the extension.
function uniqueName(file) {
  const extension = path.posix.extname(file);
  const base = file.slice(0, file.length - extension.length);
  return `${base}.${crypto.randomBytes(4).toString('hex')}${extension}`;
}

module.exports = { checkBucket, objectPath, uniqueName };
