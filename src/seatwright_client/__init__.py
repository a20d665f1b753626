"""A client of Seatwright: typed, blocking or for asyncio, with retries that have one effect. See docs/client.md.

```python
from seatwright_client import SeatwrightClient

with SeatwrightClient("https://book.canyon.example", username="dana@canyon.example", apikey="…") as client:
    for order in client.orders.iterate(from_created_date="2026-07-01"):
        print(order.confirmation, order.total, order.currency)
```
"""

from seatwright_client.account import Account, ApiKey, AuditEvent, Business, Connection, NewApiKey, Phone, User
from seatwright_client.agencies import Agency, AgencyInfo, AgencyPhone, NamedPlace
from seatwright_client.assignments import AssignedResource, AssignmentConflict, Resource, Roster
from seatwright_client.carts import (
    Cart,
    CartDeposit,
    CartItem,
    Charge,
    Item,
    ItemDate,
    ItemPickup,
    Line,
    ParticipantDetails,
)
from seatwright_client.catalog import (
    Departure,
    Entry,
    EntryKind,
    ImportCounts,
    ImportNote,
    ImportReport,
    Made,
    NoteSubject,
)
from seatwright_client.checkins import CheckInResult
from seatwright_client.client import AsyncSeatwrightClient, SeatwrightClient
from seatwright_client.editing import EditQuote, SentConfirmation, VersionedOrder
from seatwright_client.errors import (
    ApiError,
    BadRequest,
    Conflict,
    ConnectionFailed,
    DecodeError,
    Forbidden,
    KeyReused,
    NotFound,
    RateLimited,
    SeatwrightError,
    ServerError,
    SoldOut,
    Timeout,
    Unauthorized,
    Unavailable,
)
from seatwright_client.finding import EarlierCustomer, FoundCustomers, FoundItem, FoundOrder, FoundOrders
from seatwright_client.mailing import Refusal
from seatwright_client.messages import Message, WholeMessage
from seatwright_client.notes import Note, TagCount
from seatwright_client.orders import (
    Answer,
    Cancellation,
    CancellationQuote,
    CancelledOrder,
    CustomerLink,
    LineCost,
    LineFee,
    Order,
    OrderRef,
    Payment,
)
from seatwright_client.payments import MethodSum, OrderPayments, RecordedPayment, Recorder, Voiding
from seatwright_client.products import (
    Ages,
    BookableTime,
    DateSettings,
    Day,
    Image,
    Location,
    Named,
    Pickup,
    Product,
    Question,
    TagCategory,
    Video,
)
from seatwright_client.retries import RetryPolicy
from seatwright_client.webhooks import Delivery, DeliveryAttempt, Retried, Webhook, WebhookWithSecret

__all__ = [
    "Account",
    "Agency",
    "AgencyInfo",
    "AgencyPhone",
    "Ages",
    "Answer",
    "ApiError",
    "ApiKey",
    "AssignedResource",
    "AssignmentConflict",
    "AsyncSeatwrightClient",
    "AuditEvent",
    "BadRequest",
    "BookableTime",
    "Business",
    "Cancellation",
    "CancellationQuote",
    "CancelledOrder",
    "Cart",
    "CartDeposit",
    "CartItem",
    "Charge",
    "CheckInResult",
    "Conflict",
    "Connection",
    "ConnectionFailed",
    "CustomerLink",
    "DateSettings",
    "Day",
    "DecodeError",
    "Delivery",
    "DeliveryAttempt",
    "Departure",
    "EarlierCustomer",
    "EditQuote",
    "Entry",
    "EntryKind",
    "Forbidden",
    "FoundCustomers",
    "FoundItem",
    "FoundOrder",
    "FoundOrders",
    "Image",
    "ImportCounts",
    "ImportNote",
    "ImportReport",
    "Item",
    "ItemDate",
    "ItemPickup",
    "KeyReused",
    "Line",
    "LineCost",
    "LineFee",
    "Location",
    "Made",
    "Message",
    "MethodSum",
    "Named",
    "NamedPlace",
    "NewApiKey",
    "NotFound",
    "Note",
    "NoteSubject",
    "Order",
    "OrderPayments",
    "OrderRef",
    "ParticipantDetails",
    "Payment",
    "Phone",
    "Pickup",
    "Product",
    "Question",
    "RateLimited",
    "RecordedPayment",
    "Recorder",
    "Refusal",
    "Resource",
    "Retried",
    "RetryPolicy",
    "Roster",
    "SeatwrightClient",
    "SeatwrightError",
    "SentConfirmation",
    "ServerError",
    "SoldOut",
    "TagCategory",
    "TagCount",
    "Timeout",
    "Unauthorized",
    "Unavailable",
    "User",
    "VersionedOrder",
    "Video",
    "Voiding",
    "Webhook",
    "WebhookWithSecret",
    "WholeMessage",
]
