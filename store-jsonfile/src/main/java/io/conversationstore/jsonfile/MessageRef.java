package io.conversationstore.jsonfile;

import io.conversationstore.Owner;

/** A message in the index, with the keys that its state needs. */
record MessageRef(
    Owner owner, String conversationId, long epoch, long generation, MessageRow row) {}
