"""Pictures of which a study has many, as SVG text: without a drawing library a tube costs milliseconds."""
