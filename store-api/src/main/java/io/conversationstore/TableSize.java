package io.conversationstore;

/**
 * What a table takes on the database's disk. Space that deleted rows left is part of it until the
 * database uses it again.
 *
 * @param table its name without the schema
 * @param tableBytes rows, with large values and maps of free space; partitions summed up
 * @param indexBytes all its indexes; partitions summed up
 */
public record TableSize(String table, long tableBytes, long indexBytes) {}
