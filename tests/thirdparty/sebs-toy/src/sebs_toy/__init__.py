"""A FaaS platform in memory, as an example of a provider for sebs."""

from sebs_toy.system import Toy

__all__ = ["Toy"]
