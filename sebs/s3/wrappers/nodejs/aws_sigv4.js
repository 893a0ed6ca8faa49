'use strict';
// Signing requests to services of AWS, and to servers that speak as they do: Signature Version 4.
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

// The headers of a signed request. Path and query are encoded; headers are what is signed with it, by
// names in lower case, host among them; payloadHash is the SHA-256 of the body in hexadecimal digits;
// credentials are { accessKey, secretKey, token }, the token empty where they are not temporary;
// scope is { region, service }; now is a Date.
function sign({ method, path, query, headers, payloadHash, credentials, scope, now }) {
  const moment = now.toISOString().replace(/[:-]|\.\d+/g, '');
  const signed = { ...headers, 'x-amz-content-sha256': payloadHash, 'x-amz-date': moment };
  if (credentials.token) {
    signed['x-amz-security-token'] = credentials.token;
  }
  const names = Object.keys(signed).sort();
  const lines = names.map((name) => `${name}:${signed[name]}\n`).join('');
  const canonical = [method, path, query, lines, names.join(';'), payloadHash].join('\n');
  const place = `${moment.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`;
  const digest = crypto.createHash('sha256').update(canonical).digest('hex');
  const key = place.split('/').reduce(mac, `AWS4${credentials.secretKey}`);
  const signature = mac(key, [ALGORITHM, moment, place, digest].join('\n')).toString('hex');
  signed.authorization =
    `${ALGORITHM} Credential=${credentials.accessKey}/${place}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return signed;
}

function mac(key, text) {
  return crypto.createHmac('sha256', key).update(text).digest();
}

module.exports = { encodePath, encodeQuery, sign };
