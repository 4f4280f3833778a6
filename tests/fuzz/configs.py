"""What may stand in a config.yaml after an accident, a misunderstanding or an attack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import yaml
from hypothesis import strategies as st

from tests.fuzz.mutations import mutated

SHIPPED: Final = (Path(__file__).parents[2] / "config.yaml").read_bytes()
_PLAIN: Final = b"\n".join(line for line in SHIPPED.splitlines() if not line.lstrip().startswith(b"#"))
_WINDOWS: Final = b"\xef\xbb\xbf" + SHIPPED.replace(b"\n", b"\r\n")
_MOST: Final = 300 * 1024
_KEYS: Final = tuple(yaml.safe_load(SHIPPED)) + tuple(
    key for section in yaml.safe_load(SHIPPED).values() if isinstance(section, dict) for key in section
)
_VALUES: Final = (
    "auto",
    "chorales",
    "bwv269",
    "cpu",
    "C2",
    "file:a.mid",
    "./a.mid",
    "~",
    "~root",
    "~nobody",
    "/",
    "..",
    "84",
    "0",
    "-1",
    "1e9",
    "1_000",
    "0x10",
    "1:30",
    "010",
    ".5",
    ".inf",
    ".nan",
    "9" * 400,
    "9" * 5000,
    "0." + "3" * 400,
    "yes",
    "off",
    "null",
    "2026-11-22",
    "١٢",
    "é",
    "\u2028",
    "\U0001f3b9",
    "",
    " ",
    "x" * 600,
)
_ODD: Final = """
{ } [ ] : , - ? # ' " | > & * ! @ ` % &a *a [*a] <<: *a
!!python/object/apply:os.system !!binary !!set !x "\\x00" "\\ud800" "\\u2028"
"""
_TOKENS: Final = tuple(
    token.encode()
    for token in (
        *_ODD.split(),
        *(
            ": ",
            "- ",
            "? ",
            "# ",
            "\n",
            "\n  ",
            "\n\t",
            "\r",
            "\r\n",
            "\t",
            "\x00",
            "\x1b[2J",
            "\ufeff",
            "\x85",
            "\u2028",
        ),
        *(
            "|\n  ",
            ">-\n",
            "---\n",
            "...\n",
            "%YAML 1.1\n---\n",
            "%TAG ! !\n",
            "[" * 50,
            "{a: " * 50,
            "a:\n " * 20,
            "- " * 30,
        ),
        *(f"{key}: " for key in _KEYS),
        *_VALUES,
    )
)
_BAD: Final = (b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80")
"""No UTF-8."""

_scalars: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(_VALUES), st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)
)
_trees = st.recursive(
    _scalars,
    lambda below: st.one_of(
        st.lists(below, max_size=20),
        st.dictionaries(st.one_of(st.sampled_from(_KEYS), st.text(max_size=5)), below, max_size=8),
    ),
    max_leaves=25,
)


@st.composite
def _dumped(draw: st.DrawFn) -> bytes:
    """Known keys with any values, written in one of the ways that YAML has."""
    tree = draw(st.dictionaries(st.sampled_from(_KEYS), _trees, max_size=8))
    match draw(st.integers(0, 2)):
        case 0:
            return json.dumps(tree, ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")
        case 1:
            return yaml.safe_dump(tree, default_flow_style=True, allow_unicode=True).encode(errors="surrogatepass")
        case _:
            return yaml.safe_dump(tree, default_flow_style=False).encode(errors="surrogatepass")


@st.composite
def _bombs(draw: st.DrawFn) -> bytes:
    """What is small and wants to be large."""
    many = draw(st.integers(1, 20_000))
    laughs = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, min(many, 30)))
    bombs: tuple[str, ...] = (
        "[" * many,
        "{" * many,
        "{a: " * many,
        "a:\n" + " a:\n" * many,
        "- " * many,
        "- \n" * many,
        "? " * many,
    )
    bombs += (f"a0: &a0 [x]\n{laughs}", "tempo: 90\n" * many, ",".join(["[1"] * many), "tempo: " + "9" * many)
    bombs += ("midi: {channels: [" + "1, " * many + "]}", "#" * many, "model: |\n" + " x\n" * many, "&" + "a" * many)
    return draw(st.sampled_from(bombs)).encode()[:_MOST]


def configs() -> st.SearchStrategy[bytes]:
    """Contents of a config.yaml."""
    return st.one_of(
        mutated((SHIPPED, _PLAIN, _WINDOWS), _TOKENS + _BAD, _MOST),
        mutated((_PLAIN,), _TOKENS, _MOST),
        st.lists(st.sampled_from(_TOKENS), max_size=60).map(b"".join),
        _dumped(),
        _bombs(),
        st.text().map(lambda text: text.encode(errors="surrogatepass")),
        st.binary(),
    )
