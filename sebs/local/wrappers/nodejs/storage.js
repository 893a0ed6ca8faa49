'use strict';
// Object storage for functions on the local platform, wherever the deployment has it.
//
// Part of a function's package, so it needs nothing but what comes with Node.js.

const isOnFiles = process.env.SEBS_LOCAL_STORAGE !== undefined;

// One of them is loaded, not both: a cold start is measured.
module.exports = require(isOnFiles ? './storage_files' : './storage_s3');
