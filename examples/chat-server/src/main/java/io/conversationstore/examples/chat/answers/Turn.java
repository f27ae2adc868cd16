package io.conversationstore.examples.chat.answers;

import io.conversationstore.Owner;
import java.util.UUID;

/**
 * Where an answer goes. The ids are fixed before anything is stored, so each write can be repeated.
 *
 * @param answer id of the message that grows
 * @param finish id of the message that ends it
 */
public record Turn(Owner owner, String conversation, UUID answer, UUID finish) {}
