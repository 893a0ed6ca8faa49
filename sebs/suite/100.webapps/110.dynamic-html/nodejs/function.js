'use strict';

const { readFile } = require('fs/promises');
const path = require('path');
const mustache = require('mustache');

const TEMPLATE = path.join(__dirname, 'templates', 'template.mustache');

function randomNumber() {
  return Math.floor(Math.random() * 1_000_000);
}

exports.handler = async function (event) {
  const begin = performance.now();
  const html = mustache.render(await readFile(TEMPLATE, 'utf8'), {
    username: event.username,
    cur_time: new Date().toISOString(),
    random_numbers: Array.from({ length: event.random_len }, randomNumber),
  });
  return {
    result: html,
    measurement: { compute_time: Math.floor((performance.now() - begin) * 1000) },
  };
};
