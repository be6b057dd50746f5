"""The study: files, people, dates, parallel tubes, tables and pictures."""

import logging

logging.getLogger(__name__).addHandler(logging.NullHandler())  # quiet unless a program listens
