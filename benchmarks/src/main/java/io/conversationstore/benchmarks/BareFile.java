package io.conversationstore.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The least that durability costs: bytes as long as the store's lines, written to the end of a file
 * and forced. For one thread.
 */
final class BareFile implements AutoCloseable {

  private final FileChannel channel;
  private final int overhead;
  private ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);

  /**
   * @param overhead bytes that the store writes for a message beside its text
   */
  BareFile(Path file, int overhead) throws IOException {
    this.channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    this.overhead = overhead;
  }

  /** Writes {@code count} messages in one write and forces them. */
  void append(Texts texts, long first, int count) throws IOException {
    buffer.clear();
    for (int i = 0; i < count; i++) {
      byte[] text = texts.text(first + i).getBytes(StandardCharsets.UTF_8);
      if (buffer.remaining() < text.length + overhead) {
        ByteBuffer larger =
            ByteBuffer.allocateDirect(2 * (buffer.capacity() + text.length + overhead));
        larger.put(buffer.flip());
        buffer = larger;
      }
      buffer.put(text);
      for (int j = 0; j < overhead; j++) {
        buffer.put((byte) '.');
      }
    }
    buffer.flip();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    channel.force(false);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
