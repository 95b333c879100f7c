"""What all tests share: one storage emulator a session, and names in it that no other test uses."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local.azurite import Azurite
from local.azurite import azurite as running_azurite


def pytest_addoption(parser: pytest.Parser) -> None:
    """The project's own options."""
    parser.addoption("--screenshots", metavar="FOLDER", help="keep the pictures that tests take of pages")


@dataclass(frozen=True)
class Storage:
    """The emulator as one test sees it."""

    connection_string: str
    suffix: str

    def name(self, stem: str) -> str:
        """A container or queue name that belongs to this test."""
        return f"{stem}-{self.suffix}"


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """Azurite, started when the first test asks for it."""
    with running_azurite(tmp_path_factory.mktemp("azurite")) as emulator:
        yield emulator


@pytest.fixture
def storage(azurite: Azurite) -> Storage:
    """The emulator with names that are unique to this test."""
    return Storage(azurite.connection_string, uuid.uuid4().hex[:12])
