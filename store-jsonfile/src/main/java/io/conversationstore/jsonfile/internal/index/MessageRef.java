package io.conversationstore.jsonfile.internal.index;

import io.conversationstore.Owner;

/** A message in the index, with the keys that its state needs. */
public record MessageRef(
    Owner owner, String conversationId, long epoch, long generation, MessageRow row) {}
