'use strict';
// NoSQL tables for functions on the local platform, served by the gateway.
//
// Part of a function's package, so it needs nothing but what comes with Node.js. A key is an array
// of name and value, both text; a table without a secondary key is given null.

const http = require('http');

class nosql {
  constructor() {
    this.prefix = process.env.SEBS_LOCAL_TABLES;
    this.url = process.env.SEBS_LOCAL_DATA_URL;
    // A container without a network reaches nothing but this socket.
    this.socketPath = process.env.SEBS_LOCAL_DATA_SOCKET;
    this.token = process.env.SEBS_LOCAL_DATA_TOKEN;
    this.agent = new http.Agent({ keepAlive: true });
  }

  static get_instance() {
    if (!nosql.instance) {
      nosql.instance = new nosql();
    }
    return nosql.instance;
  }

  // Write an item in the place of any other with its keys.
  async insert(table_name, primary_key, secondary_key, data) {
    await this._call(table_name, 'insert', { primary_key, secondary_key, data });
  }

  // Set some attributes of an item, which is made where there is none; others stay.
  async update(table_name, primary_key, secondary_key, updates) {
    await this._call(table_name, 'update', { primary_key, secondary_key, updates });
  }

  // An item with its keys, null where there is none.
  async get(table_name, primary_key, secondary_key) {
    return this._call(table_name, 'get', { primary_key, secondary_key });
  }

  // All items with a primary key, in the order of their secondary keys.
  async query(table_name, primary_key, secondary_key_name) {
    return this._call(table_name, 'query', { primary_key, secondary_key_name });
  }

  // Delete an item, if it is there.
  async delete(table_name, primary_key, secondary_key) {
    await this._call(table_name, 'delete', { primary_key, secondary_key });
  }

  async _call(table_name, operation, body) {
    const table = encodeURIComponent(this.prefix + table_name);
    const [status, text] = await this._post(`/-/tables/${table}/${operation}`, JSON.stringify(body));
    const answer = JSON.parse(text);
    if (status !== 200) {
      const { type, message } = answer.error;
      throw new Error(`${operation} in '${table_name}': ${type}: ${message}`);
    }
    return answer.result;
  }

  _post(target, body) {
    return new Promise((resolve, reject) => {
      const headers = {
        Authorization: `Bearer ${this.token}`,
        'Content-Length': Buffer.byteLength(body),
      };
      const { agent, socketPath } = this;
      const options = { method: 'POST', path: target, agent, socketPath, headers };
      const request = http.request(this.url, options, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('end', () => resolve([response.statusCode, Buffer.concat(parts).toString()]));
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}

exports.nosql = nosql;
