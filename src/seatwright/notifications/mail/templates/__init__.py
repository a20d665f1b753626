"""The built-in mail templates. An operator can override each (docs/notifications.md)."""
