"""Our node and other implementations of ZRE: what each must see of the other."""

import pytest

pytest.register_assert_rewrite("tests.interop.scenarios")
