package io.conversationstore.examples.chat.answers;

import io.conversationstore.Message;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The message that ends a streamed answer. An edit changes the content of a message and nothing
 * else, so the usage and the reason of the end, which are known last, are a message of their own:
 * an assistant's, without content. An answer without one is growing or broke off.
 */
public final class Finish {

  /** Metadata: the id of the answer. */
  public static final String FINISHES = "finishes";

  /** Metadata: the reason. */
  public static final String REASON = "finish_reason";

  /** Why an answer ended. */
  public enum Reason {
    /** The model was done. */
    COMPLETE,
    /** The user stopped it. */
    STOPPED,
    /** The server was shut down. */
    INTERRUPTED,
    /** The model failed. */
    FAILED
  }

  private Finish() {}

  static Message of(UUID id, UUID answer, Reason reason, @Nullable TokenUsage usage, String model) {
    return Message.of(Role.ASSISTANT)
        .withId(id)
        .withModel(model)
        .withUsage(usage)
        .withMetadata(
            Map.of(FINISHES, answer.toString(), REASON, reason.name().toLowerCase(Locale.ROOT)));
  }

  /** Whether this message ends an answer. */
  public static boolean is(StoredMessage message) {
    return message.message().metadata().containsKey(FINISHES);
  }
}
