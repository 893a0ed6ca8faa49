'use strict';
// The Node.js worker: the program that runs inside an execution environment.
//
// It speaks the frames of sebs/local/gateway/frames.py over descriptor 3, or over the gateway's
// socket where SEBS_CHANNEL is its path. Requests are independent of each other, so whatever
// concurrency the gateway allows needs nothing here.

const fs = require('fs');
const net = require('net');
const path = require('path');

const CHANNEL = 3;
const REQUEST_HEAD = 36;
const ANSWER_HEAD = 53;
const READY = 0;
const OK = 1;
const HANDLER_ERROR = 2;
const INVALID_RESULT = 3;
const INVALID_EVENT = 4;
const TOO_LARGE = 5;
const INIT_ERROR = 6;

const environmentId = process.env.SEBS_ENVIRONMENT_ID;
const maxResponse = Number(process.env.SEBS_MAX_RESPONSE);
const startedNs = BigInt(process.env.SEBS_STARTED_NS);
const status = fs.openSync('/proc/self/status', 'r');
const statusText = Buffer.alloc(4096);

const channel = process.env.SEBS_CHANNEL
  ? net.connect(process.env.SEBS_CHANNEL)
  : new net.Socket({ fd: CHANNEL, readable: true, writable: true });

let handler = null;
let failure = null;
let importUs = 0;
let initUs = 0;
let cold = true;
let faults = -1;
let peak = 0;

// The most resident memory this process ever had, in KiB. ru_maxrss will not do: Linux carries it
// over from the process that called exec. It cannot have grown without a page fault.
function peakKib() {
  const seen = process.resourceUsage().minorPageFault;
  if (seen !== faults) {
    faults = seen;
    const length = fs.readSync(status, statusText, 0, 4096, 0);
    const match = /VmHWM:\s*(\d+)/.exec(statusText.latin1Slice(0, length));
    peak = match ? Number(match[1]) : peak;
  }
  return peak;
}

function cpuMicroseconds() {
  const usage = process.cpuUsage();
  return usage.user + usage.system;
}

function send(kind, requestId, microseconds, text) {
  const length = Buffer.byteLength(text);
  const frame = Buffer.alloc(ANSWER_HEAD + length);
  frame.writeUInt32LE(length, 0);
  frame.writeUInt8(kind, 4);
  frame.write(requestId, 5, 32, 'latin1');
  frame.writeBigUInt64LE(BigInt(Math.max(0, Math.round(microseconds))), 37);
  frame.writeBigUInt64LE(BigInt(peakKib()), 45);
  frame.write(text, ANSWER_HEAD, 'utf8');
  channel.write(frame);
}

// What was thrown may be anything, and its own code may throw again.
function describe(error, type) {
  try {
    const isError = error instanceof Error;
    const name = isError ? error.name : typeof error;
    return {
      type,
      exception: String(name),
      message: String(isError ? error.message : error).slice(0, 10000),
      trace: isError ? String(error.stack).slice(0, 50000) : '',
    };
  } catch (second) {
    return { type, exception: 'unknown', message: 'The error cannot be shown.', trace: '' };
  }
}

// Print a failure's trace to the function's log; what was thrown may have none.
function logFailure(error) {
  try {
    fs.writeSync(2, `${error.trace || `${error.exception}: ${error.message}`}\n`);
  } catch (closed) {
    // The function has closed its log.
  }
  return error;
}

// What is exported may be the promise of a handler: to load an ES module takes waiting.
async function initialize() {
  const began = process.hrtime.bigint();
  try {
    const root = process.env.SEBS_PACKAGE;
    process.chdir(root);
    const parts = process.env.SEBS_HANDLER.split('.');
    const name = parts.pop();
    handler = await require(path.join(root, ...parts))[name];
    if (typeof handler !== 'function') {
      throw new TypeError(`${process.env.SEBS_HANDLER} is no function`);
    }
  } catch (error) {
    failure = logFailure(describe(error, 'InitializationError'));
  }
  const now = process.hrtime.bigint();
  importUs = Number((now - began) / 1000n);
  initUs = Number((now - startedNs) / 1000n);
}

function failed(requestId, isCold, error) {
  return JSON.stringify({
    request_id: requestId,
    is_cold: isCold,
    environment_id: environmentId,
    error,
  });
}

function thrown(requestId, isCold, error, type) {
  return failed(requestId, isCold, logFailure(describe(error, type)));
}

// JSON.stringify turns what JSON cannot say into null, or leaves it out; the contract is to refuse.
function strict(key, value) {
  const kind = typeof value;
  if (kind === 'number' && !Number.isFinite(value)) {
    throw new TypeError(`${key || 'the result'} is ${value}, which JSON cannot say`);
  }
  if (kind === 'function' || kind === 'symbol') {
    throw new TypeError(`${key || 'the result'} is a ${kind}, which JSON cannot say`);
  }
  return value;
}

async function run(requestId, text, isCold) {
  const income = Date.now() / 1000;
  if (failure !== null) {
    return [INIT_ERROR, failed(requestId, isCold, failure)];
  }
  let event;
  try {
    event = text.length ? JSON.parse(text) : {};
  } catch (error) {
    return [INVALID_EVENT, failed(requestId, isCold, describe(error, 'InvalidEvent'))];
  }
  // An adapter, which calls a handler that was written for another platform, says that it takes it.
  const more = handler.takesRequestId === true ? [requestId] : [];
  if (more.length === 0 && event !== null && typeof event === 'object' && !Array.isArray(event)) {
    // Benchmarks find these in their event, as SeBS's wrappers have it.
    event['request-id'] = requestId;
    event['income-timestamp'] = income;
  }
  const begin = Date.now() / 1000;
  const start = process.hrtime.bigint();
  let result;
  try {
    result = await handler(event, ...more);
  } catch (error) {
    return [HANDLER_ERROR, thrown(requestId, isCold, error, 'HandlerError')];
  }
  const spent = Number((process.hrtime.bigint() - start) / 1000n);
  const end = begin + spent / 1e6;
  let encoded;
  try {
    encoded = JSON.stringify(result === undefined ? null : result, strict);
  } catch (error) {
    return [INVALID_RESULT, thrown(requestId, isCold, error, 'InvalidResult')];
  }
  const size = Buffer.byteLength(encoded);
  if (size > maxResponse) {
    const message = `The result has ${size} bytes, over the limit of ${maxResponse}.`;
    const error = { type: 'ResponseTooLarge', message, trace: '' };
    return [TOO_LARGE, failed(requestId, isCold, error)];
  }
  const first = isCold ? `true,"init_time":${initUs}` : 'false';
  const including = spent + (isCold ? importUs : 0);
  return [
    OK,
    `{"request_id":"${requestId}","begin":${begin},"end":${end},"is_cold":${first},` +
      `"environment_id":"${environmentId}","benchmark_including_imports":${including},` +
      `"result":${encoded}}`,
  ];
}

async function invoke(requestId, text) {
  const isCold = cold;
  cold = false;
  const cpu = cpuMicroseconds();
  const [kind, body] = await run(requestId, text, isCold);
  send(kind, requestId, cpuMicroseconds() - cpu, body);
}

let pending = [];
let have = 0;
let wanted = REQUEST_HEAD;

function receive(data) {
  pending.push(data);
  have += data.length;
  while (have >= wanted) {
    const buffer = pending.length === 1 ? pending[0] : Buffer.concat(pending);
    const end = REQUEST_HEAD + buffer.readUInt32LE(0);
    if (have < end) {
      pending = [buffer];
      wanted = end;
      return;
    }
    const rest = buffer.subarray(end);
    pending = [rest];
    have = rest.length;
    wanted = REQUEST_HEAD;
    invoke(buffer.latin1Slice(4, REQUEST_HEAD), buffer.utf8Slice(REQUEST_HEAD, end));
  }
}

channel.on('end', () => process.exit(0));
channel.on('error', () => process.exit(0));
initialize().then(() => {
  send(READY, '', initUs, '');
  channel.on('data', receive);
});
