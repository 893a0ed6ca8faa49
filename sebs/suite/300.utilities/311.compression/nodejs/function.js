'use strict';

const fs = require('fs');
const { mkdir, mkdtemp, readdir, rm, stat } = require('fs/promises');
const os = require('os');
const path = require('path');
const { pipeline } = require('stream/promises');
const yazl = require('yazl');
const storage = require('./storage');

const client = new storage.storage();

exports.handler = async function (event) {
  const { bucket, input, output } = event.bucket;
  const { key } = event.object;
  const workspace = await mkdtemp(path.join(os.tmpdir(), 'compression-'));
  try {
    const downloads = path.join(workspace, 'downloads');
    await mkdir(downloads);
    const [, downloadTime] = await timed(() =>
      client.download_directory(bucket, `${input}/${key}/`, downloads),
    );
    // Objects lie below it under their whole keys.
    const directory = path.join(downloads, input, key);
    const archive = path.join(workspace, 'archive.zip');
    const [size, computeTime] = await timed(() => zip(directory, archive));
    const [stored, uploadTime] = await timed(async () => {
      const [name, uploaded] = client.upload(bucket, `${output}/${key}.zip`, archive);
      await uploaded;
      return name;
    });
    return {
      result: { bucket, key: stored },
      measurement: {
        download_time: downloadTime,
        download_size: size,
        upload_time: uploadTime,
        upload_size: (await stat(archive)).size,
        compute_time: computeTime,
      },
    };
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
};

/** Returns what a function resolves to, and how many microseconds it took. */
async function timed(action) {
  const begin = performance.now();
  const result = await action();
  return [result, Math.floor((performance.now() - begin) * 1000)];
}

/** Packs the files of a directory, and returns how many bytes they have together. */
async function zip(directory, archive) {
  const packed = new yazl.ZipFile();
  packed.on('error', (error) => packed.outputStream.destroy(error));
  let size = 0;
  for await (const file of walk(directory)) {
    packed.addFile(file, path.relative(directory, file));
    size += (await stat(file)).size;
  }
  packed.end();
  await pipeline(packed.outputStream, fs.createWriteStream(archive));
  return size;
}

async function* walk(directory) {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const place = path.join(directory, entry.name);
    if (entry.isDirectory()) {
      yield* walk(place);
    } else {
      yield place;
    }
  }
}
