"""Python imports this first, in processes that tests start with this folder on their path."""

from tests.support.failpoints import arm_this_process

arm_this_process()
