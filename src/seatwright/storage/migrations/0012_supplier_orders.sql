-- Whether a reseller lets its supplier order in its name, as for a travel agent on the phone.
ALTER TABLE connection ADD COLUMN supplier_orders BOOLEAN NOT NULL DEFAULT FALSE;
