"""The texts about an order in the reader's language, for mails and pages."""
