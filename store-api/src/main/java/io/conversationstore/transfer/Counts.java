package io.conversationstore.transfer;

import java.util.ArrayList;
import java.util.List;

/** Counts of a running transfer. For one thread. */
final class Counts {

  private final List<TransferReport.Skipped> skipped = new ArrayList<>();
  private long conversations;
  private long messages;
  private long skippedCount;

  void conversations(long more) {
    conversations += more;
  }

  void messages(long more) {
    messages += more;
  }

  void skip(long conversation, long message, String reason) {
    skippedCount++;
    if (skipped.size() < TransferReport.MOST_SKIPPED) {
      skipped.add(new TransferReport.Skipped(conversation, message, reason));
    }
  }

  TransferReport report() {
    return new TransferReport(conversations, messages, skippedCount, skipped);
  }
}
