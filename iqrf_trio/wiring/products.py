"""The product catalogue of a running gateway: what comes with it, and what its user adds."""

from importlib import resources
from pathlib import Path

from protocol.network.catalogue import Catalogue, CatalogueError, parse


def load(path: Path | None = None) -> Catalogue:
    """The products that come with the program, and over them those in the file `path`.

    Raises CatalogueError.
    """
    known = parse((resources.files("iqrf_trio.wiring") / "products.toml").read_text("utf-8"))
    return known if path is None else known | _read(path)


def _read(path: Path) -> Catalogue:
    try:
        return parse(path.read_text("utf-8"))
    except OSError as error:
        raise CatalogueError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, CatalogueError) as error:
        raise CatalogueError(f"{path}: {error}") from error
