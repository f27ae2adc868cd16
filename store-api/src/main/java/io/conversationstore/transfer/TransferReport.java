package io.conversationstore.transfer;

import java.util.List;

/**
 * What was read from a file and saved, or read from a store and written; so far, or at the end.
 *
 * @param conversations whose last message and header are through
 * @param messages of these and of a conversation that is under way
 * @param skippedCount what held nothing and was passed over
 * @param skipped the first {@value #MOST_SKIPPED} of them
 */
public record TransferReport(
    long conversations, long messages, long skippedCount, List<Skipped> skipped) {

  /** How many places are named. */
  public static final int MOST_SKIPPED = 100;

  /**
   * A place that held nothing to save.
   *
   * @param conversation its number in the file, from 1
   * @param message the message's number in the conversation, from 1; 0 for all of the conversation
   * @param reason in words, without content
   */
  public record Skipped(long conversation, long message, String reason) {}

  public TransferReport {
    skipped = List.copyOf(skipped);
  }
}
