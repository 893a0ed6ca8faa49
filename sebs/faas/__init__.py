"""The abstract hierarchy of FaaS platforms, and what it is made of."""
