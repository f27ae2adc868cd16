package io.conversationstore.examples.chat.answers;

import io.conversationstore.StoredMessage;
import java.util.List;

/** Hears how answers grow. Calls must return at once. */
public interface AnswerListener {

  /** A piece was added at this offset of the text, in UTF-16 code units. */
  void grew(Turn turn, int from, String piece);

  /** Messages were stored or changed. */
  void stored(Turn turn, List<StoredMessage> messages);
}
