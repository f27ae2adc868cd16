package io.conversationstore.jsonfile.internal.apply;

/** A change was read without the contents of its messages, and they are needed. */
final class ContentNeededException extends RuntimeException {
  private static final long serialVersionUID = 1;

  ContentNeededException() {
    super("the whole change must be read", null, false, false);
  }
}
