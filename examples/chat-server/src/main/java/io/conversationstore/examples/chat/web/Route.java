package io.conversationstore.examples.chat.web;

/**
 * A route of the API.
 *
 * @param method in capitals
 * @param path with parameters in braces, as in the API description
 * @param open whether it needs no owner
 */
public record Route(String method, String path, boolean open, Handler handler) {

  /** Answers requests. */
  interface Handler {
    void handle(Call call) throws Exception;
  }

  static Route of(String method, String path, Handler handler) {
    return new Route(method, path, false, handler);
  }
}
