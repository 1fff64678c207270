"""The product catalogue of a running gateway: what comes with it, and what its user adds."""

from importlib import resources
from pathlib import Path

from protocol.network.catalogue import Catalogue, CatalogueError, Entry, parse


def load(path: Path | None = None, *, simulated: bool = False) -> Catalogue:
    """The products that come with the program, and over them those in the file `path`.

    With `simulated` those of the generated mesh are among them. Raises CatalogueError.
    """
    known = parse((resources.files("iqrf_trio.wiring") / "products.toml").read_text("utf-8"))
    if simulated:
        from iqrf_trio.simulator.products import (  # noqa: PLC0415 - all other starts would wait
            GATEWAY,
            PRODUCTS,
        )

        shown = (Entry(each.hwpid, "Simulated", each.name) for each in (GATEWAY, *PRODUCTS))
        known = Catalogue(tuple(shown)) | known
    return known if path is None else known | _read(path)


def _read(path: Path) -> Catalogue:
    try:
        return parse(path.read_text("utf-8"))
    except OSError as error:
        raise CatalogueError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, CatalogueError) as error:
        raise CatalogueError(f"{path}: {error}") from error
