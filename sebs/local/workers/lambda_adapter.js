'use strict';
// Calls a handler that was written for AWS Lambda: asynchronous, or with a callback; CommonJS or an
// ES module.
//
// It lies in the package beside the function's code, and is what the worker loads; it loads the
// function's module, so that this is part of the initialization, as on Lambda. The context has the
// properties of https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html.

const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');

const variables = process.env;
const timeoutMs = Number(variables.SEBS_TIMEOUT) * 1000;
const startedNs = BigInt(variables.SEBS_STARTED_NS);
const name = variables.AWS_LAMBDA_FUNCTION_NAME;
const EXTENSIONS = ['.js', '.mjs', '.cjs'];
// What require() says of a file that is an ES module, or waits at its top level.
const NEEDS_IMPORT = ['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE'];

variables.LAMBDA_TASK_ROOT = variables.SEBS_PACKAGE;

// Milliseconds since the environment was started.
function clock() {
  return Number(process.hrtime.bigint() - startedNs) / 1e6;
}

// What the first invocation has less, for here the initialization is part of its time.
let spentMs = 0;

async function loadModule(file) {
  try {
    return require(file);
  } catch (error) {
    if (!NEEDS_IMPORT.includes(error.code)) {
      throw error;
    }
    return import(pathToFileURL(file).href);
  }
}

async function load() {
  const handler = variables._HANDLER;
  const [base, ...names] = path.basename(handler).split('.');
  const stem = path.join(variables.SEBS_PACKAGE, path.dirname(handler), base);
  const extension = EXTENSIONS.find((candidate) => fs.existsSync(stem + candidate));
  if (extension === undefined) {
    throw new Error(`There is no module for the handler ${handler}.`);
  }
  const module = await loadModule(stem + extension);
  spentMs = clock();
  const find = (from) => names.reduce((value, key) => (value ? value[key] : undefined), from);
  const found = find(module) || find(module.default);
  if (typeof found !== 'function') {
    throw new TypeError(`${handler} is no function`);
  }
  return found;
}

function makeContext(requestId) {
  const deadline = clock() + timeoutMs - spentMs;
  spentMs = 0;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: variables.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: `arn:aws:lambda:${variables.AWS_REGION}:000000000000:function:${name}`,
    memoryLimitInMB: variables.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    awsRequestId: requestId,
    logGroupName: variables.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: variables.AWS_LAMBDA_LOG_STREAM_NAME,
    identity: undefined,
    clientContext: undefined,
    getRemainingTimeInMillis: () => Math.max(0, Math.trunc(deadline - clock())),
  };
}

function call(handler, event, requestId) {
  return new Promise((resolve, reject) => {
    const callback = (error, result) => {
      if (error === null || error === undefined) {
        resolve(result);
      } else {
        reject(error);
      }
    };
    const returned = handler(event, makeContext(requestId), callback);
    if (returned && typeof returned.then === 'function') {
      resolve(returned);
    } else if (handler.length < 3) {
      // It does not take the callback, and what it returns is no promise: Lambda's answer is null.
      resolve(null);
    }
  });
}

exports.handler = load().then((found) =>
  Object.assign((event, requestId) => call(found, event, requestId), { takesRequestId: true }),
);
