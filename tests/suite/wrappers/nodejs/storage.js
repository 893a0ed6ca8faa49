'use strict';

// Object storage for functions under test: directories and files below SUITE_STORAGE.

const fs = require('fs');
const path = require('path');
const { setTimeout: delay } = require('timers/promises');

class FileStorage {
  constructor() {
    this.root = process.env.SUITE_STORAGE;
  }

  upload(bucket, key, filepath) {
    const parts = path.parse(key);
    const unique = path.join(parts.dir, `${parts.name}.0123abcd${parts.ext}`);
    const place = path.join(this.root, bucket, unique);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    return [unique, delay(20).then(() => fs.promises.copyFile(filepath, place))];
  }

  async download(bucket, key, filepath) {
    await fs.promises.copyFile(path.join(this.root, bucket, key), filepath);
  }

  async download_directory(bucket, prefix, target) {
    const root = path.join(this.root, bucket);
    for (const name of fs.readdirSync(root, { recursive: true })) {
      if (name.startsWith(prefix) && fs.statSync(path.join(root, name)).isFile()) {
        fs.mkdirSync(path.dirname(path.join(target, name)), { recursive: true });
        await this.download(bucket, name, path.join(target, name));
      }
    }
  }
}

exports.storage = FileStorage;
