"""The version of the API; CHANGELOG.md says what each one brought."""

API_VERSION = "0.2.0"
