"""The version of the product; ``CHANGELOG.md`` tells what each one brought."""

VERSION = "0.1.0"
