package io.conversationstore.transfer;

import java.util.List;

/**
 * Counts of a transfer from a file to a store or back, so far or at the end.
 *
 * @param conversations completely transferred conversations
 * @param messages messages of these and of a partly transferred conversation
 * @param skippedCount places skipped because they held nothing to save
 * @param skipped the first {@value #MOST_SKIPPED} of them
 */
public record TransferReport(
    long conversations, long messages, long skippedCount, List<Skipped> skipped) {

  /** The maximum number of named places. */
  public static final int MOST_SKIPPED = 100;

  /**
   * A skipped place without anything to save.
   *
   * @param conversation its number in the file, from 1
   * @param message the message's number in the conversation, from 1; 0 for the whole conversation
   * @param reason in words, without content
   */
  public record Skipped(long conversation, long message, String reason) {}

  public TransferReport {
    skipped = List.copyOf(skipped);
  }
}
