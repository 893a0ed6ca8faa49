'use strict';

const path = require('path');
const { buffer } = require('stream/consumers');
const sharp = require('sharp');
const storage = require('./storage');

const client = new storage.storage();

exports.handler = async function (event) {
  const { bucket, input, output } = event.bucket;
  const { key, width, height } = event.object;
  const [image, downloadTime] = await timed(async () =>
    buffer(await client.downloadStream(bucket, `${input}/${key}`)),
  );
  const [thumbnail, computeTime] = await timed(() => shrink(image, width, height));
  const [stored, uploadTime] = await timed(async () => {
    const name = key.slice(0, key.length - path.extname(key).length);
    const [stream, uploaded, used] = client.uploadStream(bucket, `${output}/${name}.jpg`);
    stream.end(thumbnail);
    await uploaded;
    return used;
  });
  return {
    result: { bucket, key: stored },
    measurement: {
      download_time: downloadTime,
      download_size: image.length,
      upload_time: uploadTime,
      upload_size: thumbnail.length,
      compute_time: computeTime,
    },
  };
};

// As the other language does it: the proportions stay, and nothing becomes larger.
function shrink(image, width, height) {
  return sharp(image)
    .resize(width, height, { fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 75 })
    .toBuffer();
}

/** Returns what a function resolves to, and how many microseconds it took. */
async function timed(action) {
  const begin = performance.now();
  const result = await action();
  return [result, Math.floor((performance.now() - begin) * 1000)];
}
