package io.conversationstore.jsonfile;

import io.conversationstore.Owner;

/** A message in the index, with what its state needs. */
record MessageRef(
    Owner owner, String conversationId, long epoch, long generation, MessageRow row) {}
