package io.conversationstore;

/**
 * A place between two items of a listing, opaque to the caller; it may be sent to a browser and
 * back. It holds committed places only: continuing may repeat pending messages but never skips one.
 * A page with newly committed messages lists the pending ones again after them; the last listing of
 * a message gives its place. In an owner's history, a message sent between two pages is placed by
 * its time. The next page then returns to that place once and repeats the messages after it.
 *
 * @param token 1 to 2,000 characters; created by the store
 */
public record Cursor(String token) {

  public Cursor {
    if (token.isEmpty() || token.length() > 2_000) {
      throw new IllegalArgumentException("a cursor must have 1 to 2,000 characters");
    }
  }

  @Override
  public String toString() {
    return token;
  }
}
