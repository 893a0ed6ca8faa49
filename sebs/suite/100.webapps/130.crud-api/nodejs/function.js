'use strict';

const { nosql } = require('./nosql');

const TABLE = 'shopping_cart';

const tables = nosql.get_instance();

async function addProduct({ body }) {
  const { cart, product_id, name, price, quantity } = body;
  const product = { name, price, quantity };
  await tables.insert(TABLE, ['cart_id', cart], ['product_id', product_id], product);
  return {};
}

function getProduct({ body, path }) {
  return tables.get(TABLE, ['cart_id', body.cart], ['product_id', path.id]);
}

async function getCart({ body }) {
  const products = await tables.query(TABLE, ['cart_id', body.cart], 'product_id');
  const cost = products.reduce((sum, product) => sum + product.price, 0);
  const quantity = products.reduce((sum, product) => sum + product.quantity, 0);
  return {
    products: products.map((product) => product.name),
    total_cost: cost,
    avg_price: quantity > 0 ? cost / quantity : 0,
  };
}

const routes = new Map([
  ['PUT /cart', addProduct],
  ['GET /cart/{id}', getProduct],
  ['GET /cart', getCart],
]);

exports.handler = async function (event) {
  const result = [];
  for (const request of event.requests) {
    const route = routes.get(request.route);
    if (!route) {
      throw new Error(`There is no route '${request.route}'`);
    }
    result.push(await route(request));
  }
  return { result };
};
