'use strict';
// Where Lambda enters a function: calls the benchmark, and puts the envelope around its result.
//
// Part of a function's package, at its root, so it needs nothing but what comes with Node.js. The
// benchmark's module is loaded when this one is, so that is initialization, not the benchmark's time.

const crypto = require('crypto');
const events = require('./function/lambda_events');

// Bytes of the largest result: those of the largest answer of a function, less what is left for the
// envelope (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html; the exact number
// is in Lambda's own message about an answer that is larger).
const MAX_RESULT = 6291556 - 2048;

const identity = {
  environment_id: crypto.randomBytes(16).toString('hex'),
  log_stream: process.env.AWS_LAMBDA_LOG_STREAM_NAME || '',
};

let isFirst = true;
let failure = null;
let benchmark = null;
const began = performance.now();
try {
  benchmark = require('./function/function').handler;
  if (typeof benchmark !== 'function') {
    throw new TypeError('The module function has no function named handler');
  }
} catch (error) {
  failure = log(describe(error, 'InitializationError'));
}
const importUs = Math.round((performance.now() - began) * 1000);
// The clock of this module begins with the process: it has Node.js, the runtime and the imports.
const initUs = Math.round(performance.now() * 1000);

// What was thrown may be anything, and its own code may throw again.
function describe(error, type) {
  try {
    const isError = error instanceof Error;
    return {
      type,
      exception: String(isError ? error.name : typeof error),
      message: String(isError ? error.message : error).slice(0, 10000),
      trace: isError ? String(error.stack).slice(0, 50000) : '',
    };
  } catch (second) {
    return { type, exception: 'unknown', message: 'The error cannot be shown.', trace: '' };
  }
}

// Print a failure's trace to the function's log; what was thrown may have none.
function log(error) {
  console.error(error.trace || `${error.exception}: ${error.message}`);
  return error;
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

// A promise of what the benchmark returns, promises, or gives to the callback that it takes.
function call(event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, result) => {
      if (error === null || error === undefined) {
        resolve(result);
      } else {
        reject(error);
      }
    };
    const returned = benchmark(event, context, callback);
    if (benchmark.length < 3 || typeof returned?.then === 'function') {
      resolve(returned);
    }
  });
}

// Serve one invocation; see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.
exports.handler = async (event, context) => {
  const income = Date.now() / 1000;
  const isCold = isFirst;
  isFirst = false;
  const envelope = { request_id: context.awsRequestId, is_cold: isCold, ...identity };
  const source = events.source(event);
  const fail = (error) => source.answer({ ...envelope, error });
  if (failure !== null) {
    return fail(failure);
  }
  let payload;
  try {
    payload = await source.payload();
  } catch (error) {
    if (error instanceof events.InvalidEvent) {
      return fail(describe(error, 'InvalidEvent'));
    }
    throw error;
  }
  if (payload !== null && typeof payload === 'object' && !Array.isArray(payload)) {
    // Benchmarks find these in their event, as SeBS's wrappers have it.
    payload['request-id'] = context.awsRequestId;
    payload['income-timestamp'] = income;
  }
  const begin = Date.now() / 1000;
  const start = process.hrtime.bigint();
  let result;
  try {
    result = await call(payload, context);
  } catch (error) {
    return fail(log(describe(error, 'HandlerError')));
  }
  const spent = Number((process.hrtime.bigint() - start) / 1000n);
  let text;
  try {
    result = result === undefined ? null : result;
    text = JSON.stringify(result, strict);
  } catch (error) {
    return fail(log(describe(error, 'InvalidResult')));
  }
  const size = source.size(text);
  if (size > MAX_RESULT) {
    const message = `The result has ${size} bytes, over the limit of ${MAX_RESULT}.`;
    return fail({ type: 'ResponseTooLarge', message, trace: '' });
  }
  Object.assign(envelope, { begin, end: begin + spent / 1e6 });
  if (isCold) {
    envelope.init_time = initUs;
  }
  envelope.benchmark_including_imports = spent + (isCold ? importUs : 0);
  return source.answer(envelope, result, text);
};
