'use strict';
// Object storage for functions on the local platform: the files themselves.
//
// Part of a function's package, so it needs nothing but what comes with Node.js.

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { checkBucket, objectPath, uniqueName } = require('./storage_keys');

function isLink(file) {
  const status = fs.lstatSync(file, { throwIfNoEntry: false });
  return status !== undefined && status.isSymbolicLink();
}

class storage {
  constructor() {
    this.root = process.env.SEBS_LOCAL_STORAGE;
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
    const target = this._path(bucket, key);
    const temporary = this._temporary();
    const copied = fs.promises.copyFile(filepath, temporary);
    return [key, this._publish(copied, bucket, key, temporary, target)];
  }

  // A promise that the file is there.
  download(bucket, file, filepath) {
    return fs.promises.copyFile(this._path(bucket, file), filepath);
  }

  // A promise that all objects whose keys start with a prefix are in files named by the whole keys.
  async download_directory(bucket, prefix, directory) {
    for (const key of keysBelow(this._bucket(bucket), '', prefix)) {
      const target = path.join(directory, key);
      await fs.promises.mkdir(path.dirname(target), { recursive: true });
      await this.download(bucket, key, target);
    }
  }

  // A stream to write to, a promise that the object is there once the stream has ended, its key.
  uploadStream(bucket, file) {
    const key = this.unique_name(file);
    const target = this._path(bucket, key);
    const temporary = this._temporary();
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
    return [stream, this._publish(written, bucket, key, temporary, target), key];
  }

  // A promise of a stream to read from.
  downloadStream(bucket, file) {
    return new Promise((resolve, reject) => {
      const stream = fs.createReadStream(this._path(bucket, file));
      stream.once('open', () => resolve(stream));
      stream.once('error', reject);
    });
  }

  // Rename what has been written into place, so that an object is there whole or not at all.
  async _publish(written, bucket, key, temporary, target) {
    try {
      await written;
      // What is made is as open as the storage itself, whatever this process's mask permits.
      const mode = (await fs.promises.stat(this.root)).mode & 0o770;
      await fs.promises.chmod(temporary, mode & 0o660);
      let directory = this._bucket(bucket);
      for (const name of objectPath(key).slice(0, -1)) {
        directory = path.join(directory, name);
        await makeDirectory(directory, mode);
      }
      await fs.promises.rename(temporary, target);
    } catch (error) {
      await fs.promises.rm(temporary, { force: true });
      throw error;
    }
  }

  _temporary() {
    return path.join(this.root, '.staging', crypto.randomUUID());
  }

  _bucket(bucket) {
    const directory = path.join(this.root, checkBucket(bucket));
    const status = fs.lstatSync(directory, { throwIfNoEntry: false });
    if (!status || !status.isDirectory()) {
      throw new Error(`There is no bucket ${JSON.stringify(bucket)}`);
    }
    return directory;
  }

  _path(bucket, key) {
    const names = objectPath(key);
    let file = this._bucket(bucket);
    for (const name of names) {
      file = path.join(file, name);
      if (isLink(file)) {
        throw new RangeError(`${file} is a symbolic link, which may lead out of the bucket`);
      }
    }
    return file;
  }
}

function* keysBelow(directory, above, prefix) {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const key = above + entry.name.replaceAll('%25', '%');
    if (entry.isDirectory()) {
      const below = `${key}/`;
      if (below.startsWith(prefix) || prefix.startsWith(below)) {
        yield* keysBelow(path.join(directory, entry.name), below, prefix);
      }
    } else if (key.endsWith('%') && key.slice(0, -1).startsWith(prefix)) {
      yield key.slice(0, -1);
    }
  }
}

async function makeDirectory(directory, mode) {
  try {
    await fs.promises.mkdir(directory, { mode: 0o700 });
    await fs.promises.chmod(directory, mode);
  } catch (error) {
    if (error.code !== 'EEXIST') {
      throw error;
    }
  }
}

exports.storage = storage;
