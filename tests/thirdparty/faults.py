"""All faults that are put into the toy; to import this registers them."""

import deployment_faults as deployment_faults
import running_faults as running_faults
from fault_kit import FAULTS, broken, found_by, groups

__all__ = ["FAULTS", "broken", "found_by", "groups"]
