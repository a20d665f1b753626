"""The words of mails, one file for each language."""
