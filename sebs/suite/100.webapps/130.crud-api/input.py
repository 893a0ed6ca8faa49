"""130.crud-api: the carts of a shop, in a table."""

from uuid import uuid4

from sebs.benchmark.judging import is_same

BENCHMARK = "130.crud-api"
TABLE = "shopping_cart"

#: What is in the cart that is only read, in the order of its keys.
PRODUCTS = (
    {"product_id": "game-gothic", "name": "Gothic Game", "price": 42, "quantity": 2},
    {"product_id": "game-gothic-2", "name": "Gothic 2", "price": 142, "quantity": 3},
    {"product_id": "mint-linux", "name": "Mint Linux", "price": 0, "quantity": 5},
    {"product_id": "sebs-benchmark", "name": "SeBS Benchmark", "price": 1000, "quantity": 1},
)

#: How often ``large`` adds a product and reads the cart.
ROUNDS = 5


def one_product(cart):
    return [{"route": "GET /cart/{id}", "path": {"id": "game-gothic"}, "body": {"cart": cart}}]


def whole_cart(cart):
    return [{"route": "GET /cart", "body": {"cart": cart}}]


def growing_cart(cart):
    requests = []
    for number in range(ROUNDS):
        product = {
            "product_id": f"new-id-{number}",
            "name": f"Test Item {number}",
            "price": 100 * number,
            "quantity": number,
        }
        requests.append({"route": "PUT /cart", "body": {"cart": cart, **product}})
        requests += whole_cart(cart)
    return requests


size_generators = {"test": one_product, "small": whole_cart, "large": growing_cart}


def allocate_nosql():
    return {TABLE: {"primary_key": "cart_id", "secondary_key": "product_id"}}


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    # Another one every time: what an earlier run wrote must not stand in for what this one should.
    cart = uuid4().hex
    requests = size_generators[size](cart)
    if size != "large":
        for product in PRODUCTS:
            data = {name: value for name, value in product.items() if name != "product_id"}
            keys = ("cart_id", cart), ("product_id", product["product_id"])
            nosql_func(BENCHMARK, TABLE, data, *keys)
    return {"requests": requests}


def validate_output(data_dir, input_config, output, language, storage=None):
    requests = input_config["requests"]
    results = output.get("result") if isinstance(output, dict) else None
    if not isinstance(results, list) or len(results) != len(requests):
        return f"the result should be a list of {len(requests)} answers, and is {results!r}"
    added = [request["body"] for request in requests if request["route"] == "PUT /cart"]
    at_least = 0  # of those added are there now
    for request, result in zip(requests, results, strict=True):
        expected = [{}]
        if request["route"] == "PUT /cart":
            at_least = max(at_least, added.index(request["body"]) + 1)
        elif request["route"] == "GET /cart/{id}":
            expected = [item_of(request)]
        else:
            # Other invocations with the same event may be ahead, and add in the same order.
            counts = range(at_least, len(added) + 1)
            expected = [summary(added[:count] if added else PRODUCTS) for count in counts]
        found = next((at for at, right in enumerate(expected) if is_same(result, right)), None)
        if found is None:
            return f"the answer to {request['route']!r} should be {expected[0]}, and is {result!r}"
        if request["route"] == "GET /cart":
            at_least += found
    return None


def item_of(request):
    identifier = request["path"]["id"]
    product = next(product for product in PRODUCTS if product["product_id"] == identifier)
    return {"cart_id": request["body"]["cart"], **product}


def summary(products):
    cost = sum(product["price"] for product in products)
    quantity = sum(product["quantity"] for product in products)
    return {
        "products": [product["name"] for product in products],
        "total_cost": cost,
        "avg_price": cost / quantity if quantity else 0.0,
    }
