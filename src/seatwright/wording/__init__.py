"""The texts of mails and pages, and the way in which each language writes money, dates and durations."""
