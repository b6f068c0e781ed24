"""Fixtures of the language tests: ST text in, a machine on virtual time out, once a back end."""

import pytest
from scanbench import BACKENDS


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each back end in turn."""
    return str(request.param)
