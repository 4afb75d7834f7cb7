# SPDX-License-Identifier: Apache-2.0
"""Is a page well-formed, without script, and does it ask for nothing from elsewhere?"""
import re
import sys
import xml.etree.ElementTree as tree

text = open(sys.argv[1], encoding="utf-8").read()
body = re.sub(r"^<!DOCTYPE html>\s*", "", text)
# Void elements are written as XML has them, so that one strict parser reads all of it.
body = re.sub(r"<(meta|link)([^>]*[^/])>", r"<\1\2/>", body)
problems = []
try:
    root = tree.fromstring(body)
except tree.ParseError as error:
    sys.exit(f"not well-formed: {error}")
for element in root.iter():
    tag = element.tag.rsplit("}", 1)[-1]
    if tag in ("script", "iframe", "object", "embed", "img", "base", "form"):
        problems.append(f"<{tag}>")
    for name, value in element.attrib.items():
        if name.startswith("on") or (name in ("src", "href") and not value.startswith("data:")):
            problems.append(f"{tag} {name}={value!r}")
style = "".join(e.text or "" for e in root.iter() if e.tag.endswith("style"))
if re.search(r"url\(|@import|expression", style):
    problems.append("the style loads something")
if problems:
    sys.exit("\n".join(problems))
