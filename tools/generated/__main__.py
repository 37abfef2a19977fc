"""Writes the files of the project that are made from its models."""

from tools.generated import FILES, ROOT

for path, content in FILES.items():
    file = ROOT / path
    text = content(file.read_text() if file.exists() else "")
    if not file.exists() or file.read_text() != text:
        file.write_text(text)
        print(f"wrote {path}")
