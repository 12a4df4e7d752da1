"""The adapter for OpenCGA."""
