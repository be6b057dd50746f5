"""Pictures as SVG text, and their parts: without a drawing library a tube costs milliseconds."""
