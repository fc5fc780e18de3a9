"""The cache: in Redis, and while Redis is away, in the memory of the process."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# How long Redis is not asked again after it did not answer: each time may cost a request the whole timeout.
LEFT_ALONE = 10.0  # seconds


class RedisOrMemory(RedisCache):
    """Redis, with a stand-in for what the limits of sign-in ask of a cache.

    The cache holds how often somebody has tried to sign in, or what else is limited, and little else. Without Redis the
    choice would be between nobody signing in and everybody guessing without limit. So each process then counts for
    itself: a guesser has as many times the attempts as there are web processes, and for nobody else does anything
    change.
    """

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        # Shared by the threads of the process; each of them has an instance of this class.
        self._memory = LocMemCache("while Redis is away", {**params, "OPTIONS": {}})
        self._asked_again = 0.0

    def _either(self, redis: Callable[[], Any], memory: Callable[[], Any]) -> Any:
        if time.monotonic() >= self._asked_again:
            try:
                return redis()
            except RedisError as error:
                self._asked_again = time.monotonic() + LEFT_ALONE
                logger.warning("Redis does not answer; sign-ins are counted in memory: %s", type(error).__name__)
        return memory()

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep a value unless there is one; return whether it was kept."""
        added: bool = self._either(
            lambda: super(RedisOrMemory, self).add(key, value, timeout, version),
            lambda: self._memory.add(key, value, timeout, version),
        )
        return added

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """Return a value, or the default."""
        return self._either(
            lambda: super(RedisOrMemory, self).get(key, default, version),
            lambda: self._memory.get(key, default, version),
        )

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep a value."""
        self._either(
            lambda: super(RedisOrMemory, self).set(key, value, timeout, version),
            lambda: self._memory.set(key, value, timeout, version),
        )

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget a value; return whether there was one."""
        deleted: bool = self._either(
            lambda: super(RedisOrMemory, self).delete(key, version), lambda: self._memory.delete(key, version)
        )
        return deleted
