"""What Seatwright should do, in few lines and its own arithmetic: no clock, no database, nothing of the server's.

The outfitter is the one of `tests.model.world`, described here a second time, as plain numbers. Money is in cents,
instants in milliseconds. An operation returns "ok" or the word that the server says no with, and then nothing changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

HOUR, DAY, HOLD, APPROVAL = 3_600_000, 86_400_000, 1_800_000, 14_400_000
LONGEST_HOLD = HOUR
PRICES = {"rafting": {"Adult": 9900, "Child": 5950, "Raft": 30050}, "kayak": {"All": 7005}, "bike": {"All": 6000}}
SEATS = {"Raft": 4}
PICKUP, BOOKING, CLEANING, UNITS = 1000, 301, 99, 4
FLAT20_USES = 1


@dataclass
class Line:
    tier: str
    price: int
    discount: int = 0
    pickup: bool = False
    code: str | None = None
    charges: dict[str, int] = field(default_factory=dict)
    gone: bool = False
    fee: int = 0
    pending: int = 0
    seats = property(lambda self: SEATS.get(self.tier, 1))
    total = property(lambda self: self.price - self.discount + sum(self.charges.values()))


@dataclass
class Item:
    lines: list[Line]
    expires: int
    since: int = 0
    live = property(lambda self: [line for line in self.lines if not line.gone])
    seats = property(lambda self: sum(line.seats for line in self.live))
    pickup = property(lambda self: all(line.pickup for line in self.live or self.lines))


@dataclass
class Cart:
    owner: str
    status: str = "open"
    items: dict[str, Item] = field(default_factory=dict)
    code: str | None = None
    asked: tuple[str | None, str | None] | None = None
    became: str | None = None
    total = property(lambda self: sum(line.total for item in self.items.values() for line in item.live))


@dataclass
class Order:
    owner: str
    items: dict[str, Item] = field(default_factory=dict)
    paid: int = 0
    fees: int = 0
    flat_taken: bool = False
    flat20: bool = False
    reference: str | None = None
    live = property(lambda self: [line for item in self.items.values() for line in item.live])
    total = property(lambda self: sum(line.total for line in self.live) + self.fees)
    pending = property(lambda self: [line for line in self.live if line.pending])
    status = property(lambda self: "pending" if self.pending else "confirmed" if self.live else "cancelled")
    commission = property(lambda self: sum(earned(line) for line in self.live) if self.owner == "voyager" else 0)
    answer: str | None = None


@dataclass
class Departure:
    product: str
    capacity: int
    start: int
    closes: int
    slots: range = range(0)
    prices: dict[str, int] = field(default_factory=dict)


def part(amount: int, percent: int | Fraction) -> int:
    """A percentage, half a cent rounded up."""
    return int(Fraction(amount) * percent / 100 + Fraction(1, 2))


def earned(line: Line) -> int:
    """15 % of price, pickup and fees, and nothing of taxes and service fees."""
    return part(line.total - line.charges.get("tax", 0) - line.charges.get("booking", 0), 15)


def spread(amount: int, weights: list[int]) -> list[int]:
    weights = weights if any(weights) else [1] * len(weights)
    exact = [Fraction(amount * weight, sum(weights)) for weight in weights]
    parts = [int(x) for x in exact]
    for i in sorted(range(len(exact)), key=lambda i: parts[i] - exact[i])[: amount - sum(parts)]:
        parts[i] += 1
    return parts


@dataclass
class Model:
    departures: dict[str, Departure]
    flat20_ends: int
    now: int
    carts: dict[str, Cart] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    flat20_used: int = 0
    connected: bool = True

    def free(self, name: str) -> int:
        """Seats that can be had now, with what is over counted as free."""
        return min([self.departures[name].capacity - self._taken(name), *self._pool(name)])

    def _pool(self, name: str) -> list[int]:
        bikes = [(other, d.slots) for other, d in self.departures.items() if d.slots]
        slots = self.departures[name].slots
        return [UNITS - sum(self._taken(other) for other, covered in bikes if slot in covered) for slot in slots]

    def _taken(self, name: str) -> int:
        held = [c.items[name] for c in self.carts.values() if c.status == "open" and name in c.items]
        sold = [o.items[name] for o in self.orders.values() if name in o.items]
        live = [item for item in held if item.expires > self.now]
        return int(sum(item.seats for item in sold + live))

    def _within_share(self, cart: Cart, name: str, more: int, lines: list[Line]) -> bool:
        """Tell whether Voyager may hold so many more: half, or four; a first group of ten; or one raft."""
        slots = self.departures[name].slots or [-1]

        def most(carts: list[Cart]) -> int:
            return max(sum(self._held(each, name, slot) for each in carts) for slot in slots)

        mine = [each for each in self.carts.values() if each.owner == "voyager"]
        after = most(mine) + more
        if after <= max(4, (UNITS if slots != [-1] else self.departures[name].capacity) // 2):
            return True
        return most([each for each in mine if each is not cart]) == 0 and (after <= 10 or len(lines) == 1)

    def _held(self, cart: Cart, name: str, slot: int) -> int:
        """Seats that a cart holds on a departure; or, in a slot, the bikes that it holds."""
        items = cart.items if cart.status == "open" else {}
        live = {other: item.seats for other, item in items.items() if item.expires > self.now}
        return sum(n for other, n in live.items() if other == name or slot in self.departures[other].slots)

    def closed(self, name: str) -> bool:
        return self.now >= min(self.departures[name].start, self.departures[name].closes)

    def _may_sell(self, cart: Cart) -> bool:
        return cart.owner == "canyon" or self.connected

    def _price(self, cart: Cart) -> None:
        code = None if cart.code == "FLAT20" and self.now >= self.flat20_ends else cart.code
        for name, item in cart.items.items():
            for line in item.lines if code else []:
                line.code = code if code == "EARLY10" or self.departures[name].product == "rafting" else None
        self._settle(cart.items, [line for item in cart.items.values() for line in item.lines])

    def _settle(self, items: dict[str, Item], new: list[Line]) -> None:
        """Price all that isn't cancelled together; what no new line has a part in stays as it is."""
        lines = [
            (self.departures[name].product, line)
            for name in self.departures
            if name in items
            for line in sorted(items[name].live, key=lambda x: (x.tier, x.price, x.pickup))
        ]
        added = {id(line) for line in new}
        rafts = [line for _, line in lines if line.code == "FLAT20"]
        kayaks = [line for product, line in lines if product == "kayak"]
        for line in new:
            line.discount = part(line.price, 10) if line.code == "EARLY10" else 0
        if any(id(line) in added for line in rafts):
            whole = min(2000, sum(r.price for r in rafts))
            for line, off in zip(rafts, spread(whole, [r.price for r in rafts]), strict=True):
                line.discount = off
        for product, line in lines:
            base = line.price - line.discount + (PICKUP if line.pickup else 0)
            line.charges |= {"pickup": PICKUP} if line.pickup else {}
            line.charges["tax"] = part(base, Fraction(15, 2))
            line.charges |= {"river": part(base, 5)} if product == "rafting" else {}
            line.charges |= {"cleaning": CLEANING} if product == "bike" else {}
        if any(id(line) in added for line in kayaks):
            for line, fee in zip(kayaks, spread(BOOKING, [k.price - k.discount for k in kayaks]), strict=True):
                line.charges["booking"] = fee

    def add(self, cart: Cart, name: str, counts: dict[str, int], pickup: bool) -> str:
        if cart.status != "open":
            return "cart_ordered" if cart.status == "ordered" else "cart_not_found"
        if not self._may_sell(cart):
            return "supplier_not_found"
        if self.closed(name):
            return "not_bookable"
        departure, before, since = self.departures[name], cart.items.get(name), self.now
        if before and self.now < before.expires + HOLD:
            since = before.since
        if self.now >= since + LONGEST_HOLD:
            return "hold_time_used"
        prices = PRICES[departure.product] | departure.prices
        new = [
            Line(tier, prices[tier], pickup=pickup)
            for tier in PRICES[departure.product]
            for _ in range(counts.get(tier, 0))
        ]
        more = sum(line.seats for line in new) + (before.seats if before and before.expires <= self.now else 0)
        if self.free(name) < more:
            return "sold_out"
        if cart.owner == "voyager" and not self._within_share(cart, name, more, (before.lines if before else []) + new):
            return "reseller_share"
        item = cart.items.setdefault(name, Item([], 0))
        item.lines, item.since, item.expires = item.lines + new, since, min(self.now + HOLD, since + LONGEST_HOLD)
        self._price(cart)
        return "ok"

    def remove(self, cart: Cart, name: str) -> str:
        if cart.status != "open" or name not in cart.items:
            return {"open": "item_not_found", "ordered": "cart_ordered"}.get(cart.status, "cart_not_found")
        del cart.items[name]
        self._price(cart)
        return "ok"

    def discount(self, cart: Cart, code: str | None) -> str:
        if cart.status != "open":
            return "cart_ordered" if cart.status == "ordered" else "cart_not_found"
        if code == "FLAT20" and self.now >= self.flat20_ends:
            return "discount_not_valid"
        if code == "FLAT20" and cart.items and all(self.departures[n].product != "rafting" for n in cart.items):
            return "discount_not_applicable"
        cart.code = code
        for item in cart.items.values():
            for line in item.lines:
                line.code = None
        self._price(cart)
        return "ok"

    def delete(self, cart: Cart) -> str:
        if cart.status == "ordered":
            return "cart_ordered"
        cart.status = "deleted"
        return "ok"

    def place(self, cart_id: str, to: str | None, asked: tuple[str | None, str | None]) -> str:
        cart = self.carts[cart_id]
        if cart.status != "open":
            return "cart_not_found" if cart.status == "deleted" else "ok" if cart.asked == asked else "cart_ordered"
        if not self._may_sell(cart) or not cart.items:
            return "cart_empty" if self._may_sell(cart) else "supplier_not_found"
        old = {name: item.expires for name, item in cart.items.items()}
        over = [name for name in self.departures if old.get(name, self.now + 1) <= self.now]
        if any(self.closed(name) for name in over):
            return "not_bookable"
        fits = True
        for name in over:
            fits = fits and self.free(name) >= cart.items[name].seats
            cart.items[name].expires = self.now + HOLD  # only while it is looked at
        for name, expires in old.items():
            cart.items[name].expires = expires
        if not fits:
            return "sold_out"
        order = Order(cart.owner) if to is None else self.orders.get(to)
        if order is None or cart.owner not in (order.owner, "canyon"):
            return "order_not_found"
        if order.owner != cart.owner or (to and order.status == "cancelled"):
            return "other_supplier" if order.owner != cart.owner else "order_cancelled"
        use = cart.code == "FLAT20" and not order.flat20
        if use and self.flat20_used == FLAT20_USES:
            return "discount_used_up"
        self.flat20_used += use
        order.flat20 = order.flat20 or use
        before, new = order.total, [line for item in cart.items.values() for line in item.lines]
        cart.status, cart.asked, cart.became = "ordered", asked, to or cart_id
        self.orders[cart.became] = order
        for name, item in cart.items.items():
            for line in item.lines:
                bike = self.departures[name].product == "bike"
                line.pending = min(self.now + APPROVAL, self.departures[name].start) if bike else 0
            mine = order.items.setdefault(name, replace(item, lines=[], expires=0))
            mine.lines = mine.lines + item.lines
        self._settle(order.items, new)
        order.paid += max(0, order.total - before)
        order.reference = asked[1] or order.reference
        return "ok"

    def cancel(self, order: Order, chosen: list[tuple[str, Line]], apply_fee: bool) -> tuple[int, int]:
        """Cancel lines, each with its departure's name; return the fee and what is to be given back."""
        chosen, owed = [(name, line) for name, line in chosen if not line.gone], max(0, order.paid - order.total)
        flat: list[Line] = []
        half: list[Line] = []
        for name, line in chosen if apply_fee else []:
            left, product = self.departures[name].start - self.now, self.departures[name].product
            if line.pending:
                continue
            if product == "kayak":
                (half if left < DAY else flat).append(line)
            elif product == "bike":
                line.fee = min(300, line.total)
            else:
                line.fee = part(line.total, 50 if left < DAY else 25) if left < 3 * DAY else min(500, line.total)
        for some, amount in (half, part(sum(x.total for x in half), 50)), (flat, 0 if order.flat_taken else 2000):
            cost = [line.total for line in some]
            for line, fee in zip(some, spread(min(amount, sum(cost)), cost) if some else [], strict=True):
                line.fee = fee
        order.flat_taken = order.flat_taken or sum(line.fee for line in flat) > 0
        for _, line in chosen:
            line.gone = True
        fee = sum(line.fee for _, line in chosen)
        order.fees += fee
        return fee, max(0, order.paid - order.total) - owed

    def reply(self, order: Order, accept: bool, who: str) -> str:
        """Accept or decline what is pending; saying the same again is fine."""
        if who != "canyon":
            return "answer_is_the_suppliers"
        if not order.pending:
            repeated = order.answer == ("accepted" if accept else "declined")
            return "ok" if repeated and not (accept and order.status == "cancelled") else "not_pending"
        order.answer = "accepted" if accept else "declined"
        for line in order.pending:
            line.pending, line.gone = (0, False) if accept else (line.pending, True)
        return "ok"

    def expire(self) -> None:
        """Decline what was not answered in time."""
        for order in self.orders.values():
            for line in order.pending:
                if line.pending <= self.now:
                    line.gone, order.answer = True, "expired"

    def change_fee(self, order: Order, line: Line, amount: int) -> str:
        """Set the fee of a cancelled line."""
        if not line.gone:
            return "not_cancelled"
        if line.pending or amount > line.total:
            return "not_accepted" if line.pending else "invalid_amount"
        order.fees, line.fee = order.fees + amount - line.fee, amount
        return "ok"
