package io.conversationstore.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Standard output, in UTF-8 with {@code \n}. Unlike a {@link java.io.PrintStream} it does not hide
 * that the reader of a pipe ended. For one thread.
 */
final class Output {

  private static final int BUFFER = 1 << 16;

  private final OutputStream stream;

  Output(OutputStream stream) {
    this.stream = new BufferedOutputStream(stream, BUFFER);
  }

  /**
   * Writes a line.
   *
   * @throws ClosedPipeException if nobody reads the output
   */
  void line(String text) {
    try {
      stream.write((text + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new ClosedPipeException(e);
    }
  }

  /** A stream for a writer of files; closing it flushes it. */
  OutputStream stream() {
    return new OutputStream() {
      @Override
      public void write(int b) {
        try {
          stream.write(b);
        } catch (IOException e) {
          throw new ClosedPipeException(e);
        }
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        try {
          stream.write(bytes, offset, length);
        } catch (IOException e) {
          throw new ClosedPipeException(e);
        }
      }

      @Override
      public void flush() {
        Output.this.flush();
      }

      @Override
      public void close() {
        Output.this.flush();
      }
    };
  }

  /**
   * Writes what is buffered.
   *
   * @throws ClosedPipeException if nobody reads the output
   */
  void flush() {
    try {
      stream.flush();
    } catch (IOException e) {
      throw new ClosedPipeException(e);
    }
  }
}
