package io.conversationstore.spi;

import java.time.Instant;
import java.util.UUID;

/**
 * What a node learns when it reaches the database.
 *
 * @param storeId which database this is, for good
 * @param history a new one begins when the database is found to have gone back in time
 * @param counterBefore the node's counter as the database remembered it, 0 for a new node
 * @param counter the node's counter now, one higher
 * @param databaseTime the database's clock
 */
public record Contact(
    UUID storeId, UUID history, long counterBefore, long counter, Instant databaseTime) {}
