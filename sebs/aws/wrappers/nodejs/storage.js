'use strict';
// Object storage for functions on Lambda: S3.

module.exports = require('./storage_s3');
