"""What the loggers `biodata.*` warn of during a run goes into its report: an API key that ends soon, say."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["heard"]


class _Ear(logging.Handler):
    def __init__(self, texts: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._texts = texts

    def emit(self, record: logging.LogRecord) -> None:
        """Keep its text, once."""
        text = record.getMessage()
        if text not in self._texts:
            self._texts.append(text)


@contextmanager
def heard(texts: list[str]) -> Iterator[None]:
    """Warnings that are logged inside are added to `texts`, each once."""
    ear = _Ear(texts)
    logger = logging.getLogger("biodata")
    logger.addHandler(ear)
    try:
        yield
    finally:
        logger.removeHandler(ear)
