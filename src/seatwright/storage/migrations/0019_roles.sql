-- A user has a role (`auth.roles` says what it amounts to), or single permissions as before. Whoever had all permissions that
-- there were is an owner, and so gets those that came since.
ALTER TABLE app_user ADD COLUMN role TEXT;
UPDATE app_user SET role = 'owner', permissions = ''
WHERE permissions LIKE '%orders.read%' AND permissions LIKE '%orders.write%' AND permissions LIKE '%orders.cancel%'
    AND permissions LIKE '%cancellation_fee.edit%' AND permissions LIKE '%reports.read%'
    AND permissions LIKE '%api.integration%' AND permissions LIKE '%settings%';
