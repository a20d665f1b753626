"""What people read: the words of mails and pages, and how each language writes money, dates and durations."""
