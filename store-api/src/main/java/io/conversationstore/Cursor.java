package io.conversationstore;

/**
 * A place between two items of a listing, opaque to the caller; good to be sent to a browser and
 * back. It holds committed places only: continuing may repeat pending messages, never skip one. The
 * place of a message is where it is listed last: a page that brings committed messages which the
 * pages before lacked lists the pending ones again behind them. In an owner's history a message
 * that is sent between two pages takes its place by its time; going on then returns to that place
 * once, and repeats what stands behind it.
 *
 * @param token 1 to 2,000 characters; made by the store
 */
public record Cursor(String token) {

  public Cursor {
    if (token.isEmpty() || token.length() > 2_000) {
      throw new IllegalArgumentException("a cursor has 1 to 2,000 characters");
    }
  }

  @Override
  public String toString() {
    return token;
  }
}
