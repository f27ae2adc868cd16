package io.conversationstore.cli.format;

import io.conversationstore.json.Json;
import java.io.IOException;
import java.io.OutputStream;

/** Writes lines of JSON. For one thread. */
final class JsonOut {

  private final OutputStream out;

  JsonOut(OutputStream out) {
    this.out = out;
  }

  void line(Json.Writer writer) throws IOException {
    out.write(Json.bytes(writer));
    out.write('\n');
  }

  void flush() throws IOException {
    out.flush();
  }
}
