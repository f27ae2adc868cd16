package io.conversationstore.examples.chat.web;

import io.conversationstore.Conversation;
import io.conversationstore.StoredMessage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Entity tags. The library shows no version of a conversation or a message, so a tag is a hash of
 * what it shows. A conversation shows its time of last use and its number of messages, which any
 * append or edit changes; its tag is also that of a page of its messages.
 */
final class Etags {

  private static final int BYTES = 12;

  private Etags() {}

  static String of(Conversation conversation) {
    return tag(Json.bytes(out -> ModelJson.write(out, conversation)));
  }

  /** The tag of a message. Without its place, which it gets when it is sent to the database. */
  static String of(StoredMessage message) {
    return tag(Json.bytes(out -> ModelJson.writeInConversation(out, message)));
  }

  static String tag(byte[] shown) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(shown);
      return '"' + HexFormat.of().formatHex(Arrays.copyOf(hash, BYTES)) + '"';
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java has SHA-256", impossible);
    }
  }
}
