package io.conversationstore.jsonfile;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The content of one file of a {@link MemoryFiles}: the view of programs, and the possible contents
 * of a disk after a loss of power. Guarded by its {@link MemoryFiles}.
 *
 * <p>Unforced writes may be lost, kept, torn at any byte, kept in later sectors and lost in earlier
 * ones, or have flipped bits. Bytes unforced when a force failed stay unforced for good: a later
 * successful force does not cover them, as on Linux, where the failed pages are marked clean.
 */
final class Inode {
  private static final int SECTOR = 64;

  private enum Fate {
    FORCED,
    OPEN,
    DOUBTFUL
  }

  /** Bytes written at an offset, or a truncation to that size if the bytes are null. */
  private static final class Write {
    final int offset;
    final byte[] bytes;
    Fate fate = Fate.OPEN;

    Write(int offset, byte[] bytes) {
      this.offset = offset;
      this.bytes = bytes;
    }
  }

  private byte[] bytes;
  private int size;
  private byte[] base;
  private final List<Write> writes = new ArrayList<>();

  Inode() {
    this(new byte[0]);
  }

  /** A file whose content is durable. */
  Inode(byte[] content) {
    bytes = content.clone();
    size = content.length;
    base = bytes.clone();
  }

  int size() {
    return size;
  }

  byte[] content() {
    return Arrays.copyOf(bytes, size);
  }

  int read(ByteBuffer into, long position) {
    int count = (int) Math.min(into.remaining(), size - position);
    if (count > 0) {
      into.put(bytes, (int) position, count);
    }
    return Math.max(count, 0);
  }

  void write(int offset, byte[] more) {
    int end = offset + more.length;
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, end));
    }
    System.arraycopy(more, 0, bytes, offset, more.length);
    writes.add(new Write(offset, more));
    size = Math.max(size, end);
  }

  void truncate(long to) {
    if (to < size) {
      size = (int) to;
      writes.add(new Write(size, null));
    }
  }

  /** Makes all bytes durable except those affected by a failed force. */
  void force() {
    boolean allForced = true;
    for (Write write : writes) {
      if (write.fate == Fate.OPEN) {
        write.fate = Fate.FORCED;
      }
      allForced &= write.fate == Fate.FORCED;
    }
    if (allForced) {
      base = content();
      writes.clear();
    }
  }

  boolean isForced() {
    return writes.isEmpty();
  }

  void forceFailed() {
    for (Write write : writes) {
      if (write.fate == Fate.OPEN) {
        write.fate = Fate.DOUBTFUL;
      }
    }
  }

  /** The content if all unforced bytes are lost. */
  byte[] forcedOnly() {
    Image image = new Image(base);
    for (Write write : writes) {
      if (write.fate == Fate.FORCED) {
        image.put(write, 0, write.bytes == null ? 0 : write.bytes.length);
      }
    }
    return image.content();
  }

  /** One possible content after a loss of power. */
  byte[] survivor(RandomGenerator random) {
    Image image = new Image(base);
    int mode = random.nextInt(6);
    int whole = random.nextInt(writes.size() + 1);
    for (int i = 0; i < writes.size(); i++) {
      Write write = writes.get(i);
      if (write.fate == Fate.FORCED || mode == 1) {
        image.put(write, 0, write.bytes == null ? 0 : write.bytes.length);
      } else if (mode == 2 && i <= whole) {
        int kept = write.bytes == null ? 0 : write.bytes.length;
        image.put(write, 0, i < whole ? kept : random.nextInt(kept + 1));
      } else if (mode >= 3) {
        scatter(image, write, mode, random);
      }
    }
    if (mode == 5 && random.nextBoolean()) {
      image.grow(size);
    }
    return image.content();
  }

  private static void scatter(Image image, Write write, int mode, RandomGenerator random) {
    if (write.bytes == null) {
      if (random.nextBoolean()) {
        image.put(write, 0, 0);
      }
      return;
    }
    for (int from = 0; from < write.bytes.length; ) {
      int to = Math.min(write.bytes.length, from + SECTOR - (write.offset + from) % SECTOR);
      if (random.nextBoolean()) {
        image.put(write, from, to);
        if (mode == 4 && random.nextInt(4) == 0) {
          image.flip(write.offset + from + random.nextInt(to - from), random);
        }
      }
      from = to;
    }
  }

  /** A file under reconstruction; bytes never written read as zeros. */
  private static final class Image {
    private byte[] bytes;

    Image(byte[] base) {
      bytes = base.clone();
    }

    void put(Write write, int from, int to) {
      if (write.bytes == null) {
        bytes = Arrays.copyOf(bytes, Math.min(bytes.length, write.offset));
      } else if (to > from) {
        grow(write.offset + to);
        System.arraycopy(write.bytes, from, bytes, write.offset + from, to - from);
      }
    }

    void grow(int size) {
      if (size > bytes.length) {
        bytes = Arrays.copyOf(bytes, size);
      }
    }

    void flip(int offset, RandomGenerator random) {
      bytes[offset] ^= (byte) (1 << random.nextInt(8));
    }

    byte[] content() {
      return bytes;
    }
  }
}
