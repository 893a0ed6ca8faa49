'use strict';

const { setTimeout } = require('timers/promises');

exports.handler = async function (event) {
  const wanted = event.sleep * 1000;
  const begin = performance.now();
  // A timer may fire up to a millisecond early, so what is left is slept as well.
  for (let left = wanted; left > 0; left = wanted - (performance.now() - begin)) {
    await setTimeout(Math.ceil(left));
  }
  return {
    result: event.sleep,
    measurement: { sleep_time: Math.floor((performance.now() - begin) * 1000) },
  };
};
