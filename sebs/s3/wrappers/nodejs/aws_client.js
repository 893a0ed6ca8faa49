'use strict';
// Requests to a service of AWS, or to a server that speaks as it does.
//
// Part of a function's package, so it needs nothing but what comes with Node.js: an SDK would be most
// of the package, and of the cold start that is measured.

const crypto = require('crypto');
const http = require('http');
const https = require('https');
const { pipeline } = require('stream/promises');
const { setTimeout: delay } = require('timers/promises');
const { encodePath, encodeQuery, sign } = require('./aws_sigv4');

// Milliseconds between two parts of an answer.
const TIMEOUT = 60000;

// Services ask for patience, and to be asked again after pauses that grow and are not the same for
// all (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
const ATTEMPTS = 5;
// Milliseconds that the first pause has at most.
const FIRST_PAUSE = 100;
const BUSY = new Set([429, 500, 502, 503, 504]);
// What DynamoDB says with status 400.
const THROTTLED = /#(Throttling|ProvisionedThroughputExceeded)Exception|#RequestLimitExceeded/;

class Refused extends Error {
  constructor(status, answer) {
    super(`HTTP ${status}`);
    this.status = status;
    this.answer = answer;
  }
}

// Signed requests to one service. Where it is, is said by the SDKs' own variables
// AWS_ENDPOINT_URL_<SERVICE> and AWS_ENDPOINT_URL; by default it is Amazon's, in AWS_REGION.
class Client {
  constructor(service) {
    const region = process.env.AWS_REGION;
    this.endpoint = new URL(endpoint(service, region));
    this.scope = { region, service };
    this.credentials = credentials();
    this.client = this.endpoint.protocol === 'https:' ? https : http;
    this.agent = new this.client.Agent({ keepAlive: true });
  }

  // A promise of the answer, of which nothing has been read; sent again while the service is busy.
  // Path and query are not yet encoded, headers by names in lower case. A body is { size, hash, open },
  // the last one a function that returns a stream of it; see bytes().
  async request({ method, path, query = {}, headers = {}, body = bytes('') }) {
    const encoded = encodePath(path);
    const search = encodeQuery(query);
    const { host } = this.endpoint;
    for (let attempt = 1; ; attempt += 1) {
      const signed = sign({
        method,
        path: encoded,
        query: search,
        headers: { host, ...headers },
        payloadHash: body.hash,
        credentials: this.credentials,
        scope: this.scope,
        now: new Date(),
      });
      if (method !== 'GET') {
        signed['content-length'] = body.size;
      }
      const options = {
        method,
        // Not as a URL, which would be normalized.
        path: search ? `${encoded}?${search}` : encoded,
        host: this.endpoint.hostname.replace(/^\[|\]$/g, ''),
        port: this.endpoint.port,
        agent: this.agent,
        timeout: TIMEOUT,
        headers: signed,
      };
      const response = await this._send(options, body);
      if (response.statusCode < 300) {
        return response;
      }
      const answer = await text(response);
      if (attempt === ATTEMPTS || !isBusy(response.statusCode, answer)) {
        throw new Refused(response.statusCode, answer);
      }
      await delay(Math.random() * FIRST_PAUSE * 2 ** (attempt - 1));
    }
  }

  // Sends a request; once more where the server had hung up on a connection of before.
  _send(options, body) {
    return new Promise((resolve, reject) => {
      const request = this.client.request(options, resolve);
      request.on('timeout', () => request.destroy(new Error('The service does not answer')));
      request.on('error', (error) => {
        if (request.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(error.code)) {
          resolve(this._send(options, body));
        } else {
          reject(error);
        }
      });
      // A failed request destroys the stream and is reported by its own event.
      pipeline(body.open(), request).catch((error) => request.destroy(error));
    });
  }
}

// The body of a request that is in memory.
function bytes(content) {
  const data = Buffer.from(content);
  const hash = crypto.createHash('sha256').update(data).digest('hex');
  return { size: data.length, hash, open: () => [data] };
}

// The content of an answer.
async function read(response) {
  const parts = [];
  for await (const part of response) {
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function text(response) {
  return (await read(response)).toString();
}

function endpoint(service, region) {
  const names = [`AWS_ENDPOINT_URL_${service.toUpperCase()}`, 'AWS_ENDPOINT_URL'];
  const set = names.find((name) => process.env[name]);
  // https://docs.aws.amazon.com/general/latest/gr/rande.html; China has a domain of its own.
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return set ? process.env[set] : `https://${service}.${region}.${domain}`;
}

function credentials() {
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
  const missing = names.find((name) => process.env[name] === undefined);
  if (missing) {
    throw new Error(`${missing} is not set: the platform gave this function no credentials`);
  }
  const [accessKey, secretKey] = names.map((name) => process.env[name]);
  return { accessKey, secretKey, token: process.env.AWS_SESSION_TOKEN || '' };
}

function isBusy(status, answer) {
  return BUSY.has(status) || (status === 400 && THROTTLED.test(answer));
}

module.exports = { Client, Refused, bytes, read, text };
