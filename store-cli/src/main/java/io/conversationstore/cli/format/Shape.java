package io.conversationstore.cli.format;

/** Where the records of a file are. */
public enum Shape {
  /** A record per line. */
  LINES,
  /** Records in a JSON array, or in an object by their ids. */
  DOCUMENT,
  /** The file is one record. */
  ONE
}
