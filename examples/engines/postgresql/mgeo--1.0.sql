-- SPDX-License-Identifier: Apache-2.0
-- The functions of the extension mgeo. They are STABLE and not IMMUTABLE, since the server's model may be swapped: no index
-- may hold what they answer. A pair takes longer than COST says: what it says is enough for a plan to ask last and in parallel,
-- and does not make PostgreSQL compile each query (JIT), which would gain nothing.
\echo Use "CREATE EXTENSION mgeo" to load this file. \quit

-- One pair; NULL where it has no score (an empty text).
CREATE FUNCTION mgeo_similarity(a text, b text) RETURNS real
AS 'MODULE_PATHNAME', 'mgeo_similarity' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;

-- Many pairs in few requests; NULL in either place is NULL in the answer.
CREATE FUNCTION mgeo_similarity(a text[], b text[]) RETURNS real[]
AS 'MODULE_PATHNAME', 'mgeo_similarity_array' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;

CREATE TYPE mgeo_result AS (
    similarity real,
    label text,
    flags text[],
    model text,
    generation bigint
);

CREATE FUNCTION mgeo_match(a text, b text) RETURNS mgeo_result
AS 'MODULE_PATHNAME', 'mgeo_match' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;

-- A row for each pair, in their order.
CREATE FUNCTION mgeo_match(a text[], b text[]) RETURNS SETOF mgeo_result
AS 'MODULE_PATHNAME', 'mgeo_match_array' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000;
