package io.conversationstore.jsonfile.internal.format;

import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Uninterruptibly;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Reads the lines of files in order, and parses those of a large file on all processors. Not
 * thread-safe.
 */
public final class ParallelLineReader implements AutoCloseable {
  /** Below the size that a garbage collector treats as a large object. */
  private static final int BLOCK = 256 << 10;

  /** How many blocks are parsed ahead for each processor. */
  private static final int AHEAD = 4;

  private final int processors = Runtime.getRuntime().availableProcessors();
  private @Nullable ExecutorService parsers;

  /** The lines of one file, from the beginning of a line on. */
  public FileLines of(LogFiles.LogFile file, long offset) throws IOException {
    long end = file.size();
    boolean large = end - offset > BLOCK;
    if (large && parsers == null) {
      parsers = Executors.newFixedThreadPool(processors, ParallelLineReader::thread);
    }
    return new FileLines(file, offset, end, large ? parsers : null, AHEAD * processors);
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "conversation-open");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void close() {
    if (parsers != null) {
      parsers.shutdownNow();
    }
  }

  /** Whole lines, except at the end of the file; {@code offset} is that of the first byte. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
  private record Block(byte[] bytes, int length, long offset) {
    List<LogLine> parse() {
      List<LogLine> lines = new ArrayList<>();
      LineOutline.Owners owners = new LineOutline.Owners();
      int start = 0;
      try {
        int end = Newlines.next(bytes, 0, length);
        while (end < length) {
          lines.add(LogLine.of(offset + start, bytes, start, end - start, owners));
          start = end + 1;
          end = Newlines.next(bytes, start, length);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      if (!LineFormat.isBlank(bytes, start, length)) {
        // A line without its newline is not whole, whatever its content.
        lines.add(new LogLine(offset + start, bytes, start, length - start, null));
      }
      return lines;
    }
  }

  /** The lines of one file. Not thread-safe. */
  public static final class FileLines {
    private final LogFiles.LogFile file;
    private final long end;
    private final @Nullable ExecutorService parsers;
    private final int most;
    private final Deque<CompletableFuture<List<LogLine>>> ahead = new ArrayDeque<>();
    private List<LogLine> lines = List.of();
    private int next;
    private long offset;
    private byte[] rest = {};
    private boolean ended;

    private FileLines(
        LogFiles.LogFile file, long offset, long end, @Nullable ExecutorService parsers, int most) {
      this.file = file;
      this.offset = offset;
      this.end = end;
      this.parsers = parsers;
      this.most = most;
    }

    /** The next line; null at the end of the file or before trailing blanks. */
    public @Nullable LogLine next() throws IOException {
      while (next == lines.size()) {
        next = 0;
        while (!ended && ahead.size() < (parsers == null ? 1 : most)) {
          Block block = read();
          ahead.add(
              parsers == null
                  ? CompletableFuture.completedFuture(block.parse())
                  : CompletableFuture.supplyAsync(block::parse, parsers));
        }
        CompletableFuture<List<LogLine>> first = ahead.poll();
        if (first == null) {
          lines = List.of();
          return null;
        }
        lines = Uninterruptibly.await(first);
      }
      return lines.get(next++);
    }

    /** Reads on to the end of a line, at any distance. */
    private Block read() throws IOException {
      // One byte more than the rest reveals the end of the file.
      byte[] bytes = new byte[(int) Math.min(Math.max(BLOCK, 2L * rest.length), end - offset + 1)];
      System.arraycopy(rest, 0, bytes, 0, rest.length);
      int length = rest.length;
      while (true) {
        ByteBuffer free = ByteBuffer.wrap(bytes, length, bytes.length - length);
        int searched = length;
        length += Math.max(file.read(free, offset + length), 0);
        if (length < bytes.length) {
          ended = true;
          rest = new byte[0];
          return taken(bytes, length);
        }
        int end = Newlines.behindLast(bytes, searched, length);
        if (end > searched) {
          rest = Arrays.copyOfRange(bytes, end, length);
          return taken(bytes, end);
        }
        bytes = Arrays.copyOf(bytes, 2 * bytes.length);
      }
    }

    private Block taken(byte[] bytes, int length) {
      Block block = new Block(bytes, length, offset);
      offset += length;
      return block;
    }
  }
}
