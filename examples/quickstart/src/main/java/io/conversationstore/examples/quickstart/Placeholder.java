package io.conversationstore.examples.quickstart;

/** Keeps the package from being empty; to be deleted when the first real type arrives. */
public final class Placeholder {
  private Placeholder() {}
}
