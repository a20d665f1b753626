"""Makes the methods of both clients from one description of the API.

A method of a `Resource` only says what to send: it returns a `Request`. `@operation` makes it a method that sends it
and returns the result, at once in `SeatwrightClient` and when awaited in `AsyncSeatwrightClient`; `pages` makes an
iterator of one that lists. So each method's signature and documentation are written once, and both clients have them.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from seatwright_client.request import Request

P = ParamSpec("P")
T = TypeVar("T")


class Blocking:
    """Marks the resources of `SeatwrightClient`."""


class Awaiting:
    """Marks the resources of `AsyncSeatwrightClient`."""


Mode = TypeVar("Mode", Blocking, Awaiting)


class Caller(Protocol):
    """What sends: makes methods of functions that describe requests."""

    def call(self, describe: Callable[..., Request[Any]]) -> Callable[..., Any]:
        """Return a function that sends what `describe` returns, and returns the result."""

    def iterate(self, describe: Callable[..., Request[list[Any]]]) -> Callable[..., Any]:
        """Return a function that returns an iterator over all pages of what `describe` returns."""


class Resource(Generic[Mode]):
    """A part of the API. Made by the clients."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller


class operation(Generic[P, T]):  # noqa: N801 - a decorator
    """Makes a method that describes a request one that sends it."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Request[T]]) -> None:
        self.describe = describe
        self.__doc__ = describe.__doc__
        self.signature = _shown(describe)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> operation[P, T]: ...
    @overload
    def __get__(self, instance: Resource[Blocking], owner: Any = None) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: Resource[Awaiting], owner: Any = None) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Return the method of `instance`."""
        if instance is None:
            return self
        described = self.describe.__get__(instance)
        return _named(instance._caller.call(described), described, self.signature)


class pages(Generic[P, T]):  # noqa: N801 - as above
    """Makes an iterator over all results of a method that lists one page of them.

    It takes what the method takes: `limit` is the size of the pages that it fetches, `page` the one that it begins
    with. Nothing is sent before the first result is asked for, and a page only when it is needed; the first page that
    isn't full is the last.
    """

    def __init__(self, listing: operation[P, list[T]]) -> None:
        self._describe = listing.describe
        self.__doc__ = f"{inspect.cleandoc(listing.__doc__ or '')}\n\nFetches page after page, each when it is needed."
        self.signature = listing.signature.replace(return_annotation="Iterator")
        self._name = "iterate"

    def __set_name__(self, owner: type, name: str) -> None:
        """Store the name of the method."""
        self._name = name

    @overload
    def __get__(self, instance: None, owner: Any = None) -> pages[P, T]: ...
    @overload
    def __get__(self, instance: Resource[Blocking], owner: Any = None) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, instance: Resource[Awaiting], owner: Any = None) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Return the method of `instance`."""
        if instance is None:
            return self
        described = self._describe.__get__(instance)
        method = _named(instance._caller.iterate(described), described, self.signature)
        method.__name__, method.__doc__ = self._name, self.__doc__
        return method


def _shown(describe: Callable[..., Any]) -> inspect.Signature:
    """Return the signature that callers see: without `self`, and with the result in place of `Request[result]`."""
    signature = inspect.signature(describe)
    _, *parameters = signature.parameters.values()
    result = str(signature.return_annotation).removeprefix("Request[").removesuffix("]")
    return signature.replace(parameters=parameters, return_annotation=result)


def _named(method: Any, described: Callable[..., Any], signature: inspect.Signature) -> Any:
    """Let a method look like the one that it was made of."""
    update_wrapper(method, described)
    method.__signature__ = signature
    return method
