'use strict';
// NoSQL tables for functions on Lambda: DynamoDB, by its own protocol.
//
// Part of a function's package, so it needs nothing but what comes with Node.js: an SDK would be most
// of the package, and of the cold start that is measured. A key is an array of name and value, both
// text; a table without a secondary key is given null. Reads are consistent: they see what was
// written before.
//
// The protocol is that of
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html.

const { Client, Refused, bytes, text } = require('./aws_client');

const HEADERS = { 'content-type': 'application/x-amz-json-1.0' };

class nosql {
  constructor() {
    this.prefix = process.env.SEBS_AWS_TABLES;
    this.client = new Client('dynamodb');
  }

  static get_instance() {
    if (!nosql.instance) {
      nosql.instance = new nosql();
    }
    return nosql.instance;
  }

  // Write an item in the place of any other with its keys.
  async insert(table_name, primary_key, secondary_key, data) {
    const Item = { ...attributesOf(data), ...keysOf(primary_key, secondary_key) };
    await this._call('PutItem', table_name, { Item });
  }

  // Set some attributes of an item, which is made where there is none; others stay.
  async update(table_name, primary_key, secondary_key, updates) {
    const attributes = Object.entries(attributesOf(updates));
    if (attributes.length === 0) {
      return;
    }
    // By number: a name may be anything, also a word that the expression has.
    await this._call('UpdateItem', table_name, {
      Key: keysOf(primary_key, secondary_key),
      UpdateExpression: `SET ${attributes.map((_, n) => `#${n} = :${n}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(attributes.map(([name], n) => [`#${n}`, name])),
      ExpressionAttributeValues: Object.fromEntries(
        attributes.map(([, value], n) => [`:${n}`, value]),
      ),
    });
  }

  // An item with its keys, null where there is none.
  async get(table_name, primary_key, secondary_key) {
    const Key = keysOf(primary_key, secondary_key);
    const { Item } = await this._call('GetItem', table_name, { Key, ConsistentRead: true });
    return Item ? plain({ M: Item }) : null;
  }

  // All items with a primary key, in the order of their secondary keys.
  async query(table_name, primary_key, secondary_key_name) {
    const [name, value] = primary_key;
    const asked = {
      KeyConditionExpression: '#p = :p',
      ExpressionAttributeNames: { '#p': name },
      ExpressionAttributeValues: { ':p': { S: value } },
      ConsistentRead: true,
    };
    const items = [];
    do {
      const answer = await this._call('Query', table_name, asked);
      items.push(...answer.Items.map((item) => plain({ M: item })));
      asked.ExclusiveStartKey = answer.LastEvaluatedKey;
    } while (asked.ExclusiveStartKey);
    return items;
  }

  // Delete an item, if it is there.
  async delete(table_name, primary_key, secondary_key) {
    await this._call('DeleteItem', table_name, { Key: keysOf(primary_key, secondary_key) });
  }

  async _call(operation, table_name, asked) {
    const headers = { ...HEADERS, 'x-amz-target': `DynamoDB_20120810.${operation}` };
    const body = bytes(JSON.stringify({ TableName: this.prefix + table_name, ...asked }));
    try {
      const response = await this.client.request({ method: 'POST', path: '/', headers, body });
      return JSON.parse(await text(response));
    } catch (error) {
      throw error instanceof Refused ? failure(operation, table_name, error) : error;
    }
  }
}

function keysOf(primary_key, secondary_key) {
  const keys = secondary_key ? [primary_key, secondary_key] : [primary_key];
  return Object.fromEntries(keys.map(([name, value]) => [name, { S: value }]));
}

// Attributes as the protocol has them, of what JSON makes of the data.
function attributesOf(data) {
  return typed(JSON.parse(JSON.stringify(data))).M;
}

function typed(value) {
  if (value === null) {
    return { NULL: true };
  }
  if (Array.isArray(value)) {
    return { L: value.map(typed) };
  }
  switch (typeof value) {
    case 'boolean':
      return { BOOL: value };
    case 'string':
      return { S: value };
    case 'number':
      return { N: String(value) };
    default:
      return { M: mapped(value, typed) };
  }
}

function plain(attribute) {
  const [[kind, value]] = Object.entries(attribute);
  switch (kind) {
    case 'M':
      return mapped(value, plain);
    case 'L':
      return value.map(plain);
    case 'N':
      return Number(value);
    case 'NULL':
      return null;
    default:
      return value;
  }
}

function mapped(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

// What the service's refusal means.
function failure(operation, table_name, { status, answer }) {
  let kind = `HTTP ${status}`;
  let message = '';
  try {
    const said = JSON.parse(answer);
    kind = said.__type ? said.__type.split('#').pop() : kind;
    message = said.message || said.Message || '';
  } catch (error) {
    // A proxy before the service does not say why.
  }
  return new Error(`${operation} in '${table_name}': ${kind}: ${message}`);
}

exports.nosql = nosql;
