"""Serve the requests of a shop: add to a cart, read a product of it, or sum it up."""

from . import nosql

TABLE = "shopping_cart"

tables = nosql.nosql.get_instance()


def handler(event):
    return {"result": [ROUTES[request["route"]](request) for request in event["requests"]]}


def add_product(request):
    body = request["body"]
    product = {name: body[name] for name in ("name", "price", "quantity")}
    tables.insert(TABLE, ("cart_id", body["cart"]), ("product_id", body["product_id"]), product)
    return {}


def get_product(request):
    cart, product = request["body"]["cart"], request["path"]["id"]
    return tables.get(TABLE, ("cart_id", cart), ("product_id", product))


def get_cart(request):
    products = tables.query(TABLE, ("cart_id", request["body"]["cart"]), "product_id")
    cost = sum(product["price"] for product in products)
    quantity = sum(product["quantity"] for product in products)
    return {
        "products": [product["name"] for product in products],
        "total_cost": cost,
        "avg_price": cost / quantity if quantity > 0 else 0.0,
    }


ROUTES = {"PUT /cart": add_product, "GET /cart/{id}": get_product, "GET /cart": get_cart}
