package io.conversationstore;

/**
 * The size of a table on the database's disk, including space of deleted rows that is not reused
 * yet.
 *
 * @param table its name without the schema
 * @param tableBytes rows, including large values and free space maps; sum of all partitions
 * @param indexBytes all indexes; sum of all partitions
 */
public record TableSize(String table, long tableBytes, long indexBytes) {}
