"""Papers of a case after its notice: text in YAML, layout in Typst, each paper from a content to blocks to a PDF."""
