"""What people read of an order, as texts in their language: for mails and pages."""
