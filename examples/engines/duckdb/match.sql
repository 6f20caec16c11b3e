-- SPDX-License-Identifier: Apache-2.0
-- The best place for each customer: pairs that share their first number are candidates, and mgeo decides among them.
WITH numbered AS (
    SELECT 'customer' AS side, id, address, regexp_extract(address, '[0-9]+') AS number FROM customers
    UNION ALL
    SELECT 'place', id, address, regexp_extract(address, '[0-9]+') FROM places
),
scored AS MATERIALIZED ( -- else DuckDB may score once for the filter and once for the answer
    SELECT c.id AS customer_id, c.address AS customer, p.id AS place_id, p.address AS place,
           mgeo(c.address, p.address).similarity AS similarity
    FROM numbered AS c JOIN numbered AS p USING (number)
    WHERE c.side = 'customer' AND p.side = 'place' AND number <> ''
)
SELECT customer_id, customer, place_id, place, similarity
FROM scored
WHERE similarity >= 0.5
QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY similarity DESC, place_id) = 1
ORDER BY customer_id;
