"""All disturbances by name."""

from .crowds import CROWDS
from .floods import FLOODS
from .slow import SLOW

ALL = {**FLOODS, **CROWDS, **SLOW}
