'use strict';

/** Adds the squares of the first numbers, and says how long it took. */
exports.handler = async (event) => {
  const begin = process.hrtime.bigint();
  let total = 0;
  for (let number = 0; number < event.count; number += 1) {
    total = (total + ((number % 1000003) * (number % 1000003))) % 1000003;
  }
  const took = Number((process.hrtime.bigint() - begin) / 1000n);
  return { result: total, measurement: { compute_time: took } };
};
