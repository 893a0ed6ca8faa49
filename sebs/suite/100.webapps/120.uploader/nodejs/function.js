'use strict';

const fs = require('fs');
const { mkdtemp, rm, stat } = require('fs/promises');
const os = require('os');
const path = require('path');
const { Readable } = require('stream');
const { pipeline } = require('stream/promises');
const storage = require('./storage');

const client = new storage.storage();

// Some servers refuse clients that do not say who they are.
const headers = { 'User-Agent': 'sebs (a benchmark of serverless platforms)' };

exports.handler = async function (event) {
  const { bucket, output } = event.bucket;
  const { url } = event.object;
  const name = path.posix.basename(new URL(url).pathname) || 'index';
  const workspace = await mkdtemp(path.join(os.tmpdir(), 'uploader-'));
  try {
    const file = path.join(workspace, 'fetched');
    const [, fetchTime] = await timed(() => fetchInto(url, file));
    const [key, uploadTime] = await timed(async () => {
      const [stored, uploaded] = client.upload(bucket, `${output}/${name}`, file);
      await uploaded;
      return stored;
    });
    return {
      result: { bucket, url, key },
      measurement: {
        download_time: 0,
        download_size: 0,
        upload_time: uploadTime,
        upload_size: (await stat(file)).size,
        compute_time: fetchTime,
      },
    };
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
};

async function fetchInto(url, file) {
  const { protocol, host, pathname } = new URL(url);
  if (protocol === 'storage:') {
    await client.download(host, pathname.slice(1), file);
  } else if (protocol === 'http:' || protocol === 'https:') {
    const response = await fetch(url, { headers });
    if (!response.ok) {
      throw new Error(`${url} answers ${response.status} ${response.statusText}`);
    }
    await pipeline(Readable.fromWeb(response.body), fs.createWriteStream(file));
  } else {
    throw new Error(`'${url}' is no URL of http, https or storage`);
  }
}

/** Returns what a function resolves to, and how many microseconds it took. */
async function timed(action) {
  const begin = performance.now();
  const result = await action();
  return [result, Math.floor((performance.now() - begin) * 1000)];
}
