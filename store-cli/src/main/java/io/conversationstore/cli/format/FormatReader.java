package io.conversationstore.cli.format;

import java.io.IOException;
import java.io.InputStream;

/** Reads a file in one format. Memory depends on the largest record, not on the file. Stateless. */
public interface FormatReader {

  /**
   * Reads to the end. Bad records are handed to the handler, and the rest is read.
   *
   * @param name the name of the file, for reports
   * @throws IOException if the stream fails
   */
  void read(String name, InputStream in, ImportHandler handler) throws IOException;
}
