-- Confirmation numbers are unique on the whole server: a supplier and a reseller read out the same one.
CREATE SEQUENCE confirmation_number START 100001;
