'use strict';
// Object storage for functions on the local platform, wherever the deployment has it.
//
// Part of a function's package, so it needs nothing but what comes with Node.js.

const isServer = process.env.SEBS_LOCAL_S3_ENDPOINT !== undefined;

// One of them is loaded, not both: a cold start is measured.
module.exports = isServer ? require('./storage_s3') : require('./storage_files');
