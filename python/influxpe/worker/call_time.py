"""The `call_time` of a scheduled run: a `datetime` that always means UTC and can be multiplied."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Self

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 # call_time is naive, as plugins expect it
_MICROSECONDS_PER_SECOND = 1_000_000


class CallTime(datetime):
    """A naive `datetime` in UTC, to the microsecond.

    It prints, formats, adds and pickles like a plain one. Beyond that it is a number of POSIX
    seconds: `int(call_time * 1e9)` is exact, `float(call_time)` works. It compares with and
    subtracts from aware datetimes, and `utc` is the aware form for new code.
    """

    @classmethod
    def from_ns(cls, time_ns: int) -> "CallTime":
        """Make the time from nanoseconds since the epoch; what is below a microsecond is cut."""
        plain = _EPOCH + timedelta(microseconds=time_ns // 1000)
        return cls(*plain.timetuple()[:6], plain.microsecond)

    @property
    def utc(self) -> datetime:
        """The same moment as a plain, aware datetime in UTC."""
        plain = datetime(  # the zone is set below, or was
            *(self.year, self.month, self.day, self.hour, self.minute, self.second),
            microsecond=self.microsecond,
            tzinfo=self.tzinfo,
            fold=self.fold,
        )
        return plain.replace(tzinfo=UTC) if self.tzinfo is None else plain.astimezone(UTC)

    def _microseconds(self) -> int:
        """Microseconds since the epoch."""
        return (self.utc - _EPOCH.replace(tzinfo=UTC)) // timedelta(microseconds=1)

    def timestamp(self) -> float:
        """POSIX seconds, read as UTC whatever the zone of the machine is."""
        return self._microseconds() / _MICROSECONDS_PER_SECOND

    def astimezone(self, tz: tzinfo | None = None) -> datetime:  # type: ignore[override] # plain
        """The moment in a zone, as a plain aware datetime."""
        return self.utc.astimezone(tz)

    def __float__(self) -> float:
        return self.timestamp()

    def __int__(self) -> int:
        return self._microseconds() // _MICROSECONDS_PER_SECOND

    def __mul__(self, factor: float) -> float:
        if not isinstance(factor, int | float):
            return NotImplemented
        if factor != factor // 1:
            return self.timestamp() * factor
        # Whole factors in integers: a float has no room for nanoseconds since 1970.
        product = self._microseconds() * int(factor)
        whole, rest = divmod(product, _MICROSECONDS_PER_SECOND)
        return whole if rest == 0 else product / _MICROSECONDS_PER_SECOND

    __rmul__ = __mul__

    def __sub__(self, other: Any) -> Any:  # noqa: ANN401 # overloaded in the base class
        mine = self._side_of(other)
        return super().__sub__(other) if mine is None else mine - other

    def __rsub__(self, other: Any) -> Any:  # noqa: ANN401 # overloaded in the base class
        mine = self._side_of(other)
        return NotImplemented if mine is None else other - mine

    def __eq__(self, other: object) -> bool:
        mine = self._side_of(other)
        return super().__eq__(other) if mine is None else mine == other

    def __lt__(self, other: datetime) -> bool:  # type: ignore[override] # as datetime itself
        mine = self._side_of(other)
        return super().__lt__(other) if mine is None else mine < other

    def __le__(self, other: datetime) -> bool:  # type: ignore[override] # as datetime itself
        mine = self._side_of(other)
        return super().__le__(other) if mine is None else mine <= other

    def __gt__(self, other: datetime) -> bool:  # type: ignore[override] # as datetime itself
        mine = self._side_of(other)
        return super().__gt__(other) if mine is None else mine > other

    def __ge__(self, other: datetime) -> bool:  # type: ignore[override] # as datetime itself
        mine = self._side_of(other)
        return super().__ge__(other) if mine is None else mine >= other

    __hash__ = datetime.__hash__

    def _side_of(self, other: object) -> datetime | None:
        """The aware form, where the other side is aware and this one is not."""
        aware = isinstance(other, datetime) and other.tzinfo is not None and self.tzinfo is None
        return self.utc if aware else None

    def __repr__(self) -> str:
        return super().__repr__().replace(type(self).__name__, "datetime.datetime", 1)

    def __reduce_ex__(self, protocol: Any) -> Any:  # noqa: ANN401 # as object.__reduce_ex__
        reduced: tuple[type[Self], tuple[object, ...]] = super().__reduce_ex__(protocol)  # type: ignore[assignment] # typed as str | tuple
        return (datetime, *reduced[1:])
