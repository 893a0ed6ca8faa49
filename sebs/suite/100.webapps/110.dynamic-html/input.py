"""110.dynamic-html: a page filled in by a template engine."""

from html.parser import HTMLParser

#: How many random numbers are on the page.
size_generators = {"test": 10, "small": 1000, "large": 100000}

LIMIT = 1_000_000


def buckets_count():
    return 0, 0


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    return {"username": "testname", "random_len": size_generators[size]}


def validate_output(data_dir, input_config, output, language, storage=None):
    html = output.get("result") if isinstance(output, dict) else None
    if not isinstance(html, str):
        return f"the result should be a page, and is {type(html).__name__}"
    page = Page(html)
    if input_config["username"] not in page.prose:
        return f"the page does not greet {input_config['username']!r}"
    if len(page.items) != input_config["random_len"]:
        return f"the page lists {len(page.items)} numbers, not {input_config['random_len']}"
    wrong = next((item for item in page.items if not is_number(item)), None)
    if wrong is not None:
        return f"the page lists {wrong!r}, which is no number from 0 to {LIMIT - 1}"
    return None


def is_number(text):
    return text.isascii() and text.isdecimal() and int(text) < LIMIT


class Page(HTMLParser):
    """The texts of a page.

    Attributes:
        items: Those of its ``<li>``.
        prose: All others, as one.
    """

    def __init__(self, html):
        super().__init__()
        self._items = []
        self._others = []
        self._in_item = False
        self.feed(html)
        self.close()
        self.items = [item.strip() for item in self._items]
        self.prose = "".join(self._others)

    def handle_starttag(self, tag, attrs):
        if tag == "li":
            self._in_item = True
            self._items.append("")

    def handle_endtag(self, tag):
        if tag in ("li", "ul"):
            self._in_item = False

    def handle_data(self, data):
        if self._in_item:
            self._items[-1] += data
        else:
            self._others.append(data)
