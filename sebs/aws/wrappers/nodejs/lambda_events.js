'use strict';
// What invokes a function on Lambda, and how each of them is answered.
//
// Part of a function's package, so it needs nothing but what comes with Node.js.

// Where the platform's trigger puts events into a bucket, and waits for their answers.
const EVENTS = 'sebs-events/';
const ANSWERS = 'sebs-answers/';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

// The event is not what the benchmark can be given.
class InvalidEvent extends Error {}

// Each kind of source has payload(), the benchmark's event or a promise of it; size(text), how many
// bytes of the answer are the result's, as JSON; and answer(envelope, result, text), what Lambda
// answers: the envelope is all of it but the result, without which there is an error in it.

// Lambda's own API: the event is the benchmark's, the answer is the envelope. It is an answer even
// where it tells of an error: Lambda would put its own in the place of it.
class Direct {
  constructor(event) {
    this.event = event;
  }

  payload() {
    return this.event;
  }

  size(text) {
    return Buffer.byteLength(text);
  }

  answer(envelope, result, text) {
    return text === undefined ? envelope : { ...envelope, result };
  }
}

// A function URL or an API of API Gateway: the event is the body, as JSON. Both versions of the
// payload are understood
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
class HTTP {
  constructor(event) {
    this.body = event.body ?? '';
    this.isBase64 = event.isBase64Encoded === true;
  }

  payload() {
    if (typeof this.body !== 'string' || (this.isBase64 && !BASE64.test(this.body))) {
      throw new InvalidEvent('The body is not what it is said to be');
    }
    return this.isBase64
      ? decode(Buffer.from(this.body, 'base64'), 'The body')
      : parse(this.body, 'The body');
  }

  // As text in JSON, once more.
  size(text) {
    return Buffer.byteLength(text) + (text.match(/["\\]/g) || []).length;
  }

  answer(envelope, result, text) {
    let statusCode = 200;
    if (text === undefined) {
      statusCode = envelope.error.type === 'InvalidEvent' ? 400 : 500;
    }
    const headers = { 'content-type': 'application/json' };
    return { statusCode, headers, body: whole(envelope, text) };
  }
}

// An object below sebs-events/: it holds the event, and another one takes the answer.
class S3Object {
  constructor(bucket, key) {
    // A function that is invoked otherwise does without.
    this.s3 = require('./aws_client');
    this.client = new this.s3.Client('s3');
    this.path = `/${bucket}/${key}`;
    this.answerPath = `/${bucket}/${ANSWERS}${key.slice(EVENTS.length)}`;
  }

  async payload() {
    const response = await this.client.request({ method: 'GET', path: this.path });
    return decode(await this.s3.read(response), 'The object');
  }

  // Lambda does not see the result.
  size() {
    return 0;
  }

  // A promise that the answer is written; Lambda has nobody to give it to.
  async answer(envelope, result, text) {
    const body = this.s3.bytes(whole(envelope, text));
    const response = await this.client.request({ method: 'PUT', path: this.answerPath, body });
    await this.s3.read(response);
    return null;
  }
}

// What invoked the function; an event that nothing is known of is the benchmark's.
function source(event) {
  const request = event && event.requestContext;
  if (request && typeof request === 'object' && ('http' in request || 'httpMethod' in request)) {
    return new HTTP(event);
  }
  const place = event && event.Records ? object(event) : null;
  if (place && place.key.startsWith(EVENTS)) {
    return new S3Object(place.bucket, place.key);
  }
  return new Direct(event);
}

// Bucket and key, where S3 tells of one object
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html).
function object({ Records: records }) {
  if (!Array.isArray(records) || records.length !== 1 || records[0]?.eventSource !== 'aws:s3') {
    return null;
  }
  const { s3 } = records[0];
  const bucket = s3?.bucket?.name;
  const encoded = s3?.object?.key;
  if (typeof bucket !== 'string' || typeof encoded !== 'string') {
    return null; // it looks like an event of S3 at most
  }
  try {
    return { bucket, key: decodeURIComponent(encoded.replaceAll('+', ' ')) };
  } catch (error) {
    return null; // likewise
  }
}

function decode(content, what) {
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch (error) {
    throw new InvalidEvent(`${what} is no text in UTF-8`);
  }
  return parse(text, what);
}

function parse(text, what) {
  try {
    return text ? JSON.parse(text) : {};
  } catch (error) {
    throw new InvalidEvent(`${what} is no JSON: ${error.message}`);
  }
}

// The envelope as JSON, with a result that is JSON already.
function whole(envelope, text) {
  const head = JSON.stringify(envelope);
  return text === undefined ? head : `${head.slice(0, -1)},"result":${text}}`;
}

module.exports = { InvalidEvent, source };
