"""Check the links of the documentation that leave it: a hook of MkDocs, which checks all others itself.

Law: a link to a file of the checkout that is not there, or to a heading that a document does not have, fails the build.
The site shows links to files that are not on it as text. The documents at the top of the checkout are checked, too.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any, Final

from markdown.extensions.toc import slugify

log = logging.getLogger("mkdocs.hooks.site_links")

TOP: Final = Path(__file__).resolve().parents[1]
OUTSIDE: Final = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
_LINK: Final = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_CODE: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Show links that leave the documentation as text, after a look at where they lead."""
    source = Path(page.file.abs_src_path)

    def shown(found: re.Match[str]) -> str:
        text, address = found.groups()
        if not address.startswith("../"):
            return found[0]
        _check(source, address)
        return text

    return _LINK.sub(shown, markdown)


def on_post_build(**_: Any) -> None:
    """Check the documents that are not on the site."""
    for name in OUTSIDE:
        for _text, address in _LINK.findall(_CODE.sub("", (TOP / name).read_text(encoding="utf-8"))):
            if not re.match(r"[a-z]+:", address):
                _check(TOP / name, address)


def _check(source: Path, address: str) -> None:
    """Warn, which fails a strict build, if a link leads nowhere."""
    path, _, anchor = address.partition("#")
    target = (source.parent / path).resolve() if path else source
    if not target.exists():
        log.warning("%s: links to %s, which is not there", source.relative_to(TOP), address)
    elif anchor and target.suffix == ".md":
        headings = _HEADING.findall(_CODE.sub("", target.read_text(encoding="utf-8")))
        if anchor not in {slugify(heading.replace("`", ""), "-") for heading in headings}:
            log.warning("%s: links to %s, which has no such heading", source.relative_to(TOP), address)
