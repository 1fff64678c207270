"""`iqrf-trio products import`: a catalogue out of whatever form a repository cache has."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from iqrf_trio.__main__ import main
from protocol.network.catalogue import Entry, parse

PRODUCTS = [
    {"hwpid": 1026, "name": 'DDC "SE"', "manufacturerID": 2, "companyName": "IQRF Tech s.r.o."},
    {"hwpid": 2, "name": "Türsensor", "companyName": "MICRORISC s.r.o.", "metadata": {}},
]
ENTRIES = [
    Entry(2, "MICRORISC s.r.o.", "Türsensor"),
    Entry(1026, "IQRF Tech s.r.o.", 'DDC "SE"'),
]


def a_directory(root: Path, inner: str, text: str) -> Path:
    file = root / "cache of mine" / inner
    file.parent.mkdir(parents=True)
    file.write_text(text, "utf-8")
    return root / "cache of mine"


def a_zip(root: Path, inner: str, text: str) -> Path:
    with ZipFile(root / "cache.zip", "w") as archive:
        archive.writestr(inner, text)
    return root / "cache.zip"


@pytest.mark.parametrize("pack", [a_directory, a_zip])
@pytest.mark.parametrize(
    "inner",
    [
        "products/data.json",
        "cache/products/data.json",
        "iqrfRepoCache/cache/products/data.json",
        "products",
    ],
)
def test_every_form_of_a_cache(
    pack: object, inner: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(pack)
    cache = pack(tmp_path, inner, json.dumps(PRODUCTS))
    assert main(["products", "import", str(cache)]) == 0
    catalogue = parse(capsys.readouterr().out)
    assert [catalogue.get(entry.hwpid) for entry in ENTRIES] == ENTRIES


def test_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache = a_zip(tmp_path, "products/data.json", json.dumps(PRODUCTS))
    output = tmp_path / "products.toml"
    assert main(["products", "import", str(cache), "-o", str(output)]) == 0
    assert f'products = "{output}"' in capsys.readouterr().out
    assert len(parse(output.read_text("utf-8"))) == 2
    assert main(["products", "import", str(cache), "-o", str(tmp_path)]) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "name a cache directory"),
        ("{}", "the products are no list"),
        ("[3]", "3 is no product"),
        ('[{"hwpid": 1}]', "is no product"),
        ('[{"hwpid": "1", "name": "", "companyName": ""}]', "'1' is no HWPID"),
        ('[{"hwpid": 65536, "name": "", "companyName": ""}]', "65536 is no HWPID"),
    ],
)
def test_what_is_no_list_of_products(
    text: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = a_directory(tmp_path, "products/data.json", text)
    assert main(["products", "import", str(cache)]) == 1
    error = capsys.readouterr().err
    assert reason in error
    assert len(error.splitlines()) == 1


def test_what_is_no_cache(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path, reason in (
        (tmp_path / "missing", "cannot read"),
        (Path(__file__), "not a zip file"),
        (tmp_path, "there is no products/data.json"),
    ):
        assert main(["products", "import", str(path)]) == 1
        assert reason in capsys.readouterr().err


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache = a_zip(tmp_path, "products", json.dumps(PRODUCTS))
    output = tmp_path / "products.toml"
    for words in ((), ("--output", str(output))):
        assert main(["products", "import", str(cache), "--json", *words]) == 0
        assert json.loads(capsys.readouterr().out) == [
            {"hwpid": each.hwpid, "manufacturer": each.manufacturer, "name": each.name}
            for each in ENTRIES
        ]
    assert parse(output.read_text("utf-8"))
