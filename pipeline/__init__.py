"""The study: files, people, dates, parallel tubes, tables and pictures."""
