"use strict";

// Gives events of the runtime API to a function, as the runtime client of Node.js does:
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

const path = require("node:path");

const API = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;

async function main(name) {
  const [file, exported] = name.split(".");
  const handler = require(path.join(process.env.LAMBDA_TASK_ROOT, file))[exported];
  for (;;) {
    const next = await fetch(`${API}/next`);
    const id = next.headers.get("lambda-runtime-aws-request-id");
    const answer = await handler(await next.json(), { awsRequestId: id });
    await fetch(`${API}/${id}/response`, { method: "POST", body: JSON.stringify(answer) });
  }
}

main(process.argv[2]);
