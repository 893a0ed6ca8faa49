'use strict';
// Signing requests to S3, Signature Version 4.
//
// Part of a function's package, so it needs nothing but what comes with Node.js. The rules are those
// of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.

const crypto = require('crypto');

const ALGORITHM = 'AWS4-HMAC-SHA256';

// Text as it is sent and signed: every byte but unreserved ones as %XX.
function encode(text) {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

// A path as it is sent and signed: its slashes stay.
function encodePath(path) {
  return path.split('/').map(encode).join('/');
}

// A query as it is sent and signed: encoded, then sorted.
function encodeQuery(query) {
  return Object.entries(query)
    .map(([key, value]) => [encode(key), encode(value)])
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
}

// The headers of a signed request. Path and query are encoded; payloadHash is the SHA-256 of the
// body in hexadecimal digits; credentials are { accessKey, secretKey, token }, the token empty where
// they are not temporary; now is a Date.
function sign({ method, host, path, query, payloadHash, credentials, region, now }) {
  const moment = now.toISOString().replace(/[:-]|\.\d+/g, '');
  const headers = { host, 'x-amz-content-sha256': payloadHash, 'x-amz-date': moment };
  if (credentials.token) {
    headers['x-amz-security-token'] = credentials.token;
  }
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  const canonical = [method, path, query, lines, names.join(';'), payloadHash].join('\n');
  const scope = `${moment.slice(0, 8)}/${region}/s3/aws4_request`;
  const digest = crypto.createHash('sha256').update(canonical).digest('hex');
  const key = scope.split('/').reduce(mac, `AWS4${credentials.secretKey}`);
  const signature = mac(key, [ALGORITHM, moment, scope, digest].join('\n')).toString('hex');
  headers.authorization =
    `${ALGORITHM} Credential=${credentials.accessKey}/${scope}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return headers;
}

function mac(key, text) {
  return crypto.createHmac('sha256', key).update(text).digest();
}

module.exports = { encodePath, encodeQuery, sign };
