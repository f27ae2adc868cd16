package io.conversationstore.jsonfile;

/** Keeps the package from being empty; to be deleted when the first real type arrives. */
public final class Placeholder {
  private Placeholder() {}
}
