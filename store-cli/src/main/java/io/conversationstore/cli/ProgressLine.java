package io.conversationstore.cli;

import java.time.Duration;
import java.util.Locale;

/**
 * A line on the terminal that shows how far a command is, with its rate and the time left. Writes
 * nothing if standard error is not a terminal, or the output is for programs. For one thread.
 */
final class ProgressLine implements AutoCloseable {

  private static final long PAUSE = Duration.ofMillis(200).toNanos();
  private static final int BAR = 20;

  private final Screen screen;
  private final boolean on;
  private final String what;
  private final long start = System.nanoTime();
  private long shown;
  private boolean isShown;

  ProgressLine(Context context, String what) {
    this.screen = context.screen();
    this.on = screen.terminals().err() && !context.json();
    this.what = what;
    this.shown = start;
  }

  /**
   * Shows how far the command is, at most five times a second.
   *
   * @param done the bytes or conversations done
   * @param all of so many; 0 if unknown
   * @param items what was handled so far, in words
   * @param count of these
   */
  void show(long done, long all, String items, long count) {
    if (!on || !isTime()) {
      return;
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    StringBuilder line = new StringBuilder(what).append(' ');
    if (all > 0) {
      double part = Math.min(1, (double) done / all);
      int full = (int) (part * BAR);
      line.append('[').append("#".repeat(full)).append(".".repeat(BAR - full)).append("] ");
      line.append(String.format(Locale.ROOT, "%3.0f %%  ", part * 100));
    }
    line.append(String.format(Locale.ROOT, "%,d %s  %,.0f/s", count, items, count / seconds));
    if (all > 0 && done > 0 && done < all) {
      line.append("  ").append(left((long) (seconds / done * (all - done)))).append(" left");
    }
    write(line.toString());
  }

  /** Shows a text, at most five times a second. */
  void text(String text) {
    if (on && isTime()) {
      write(what + " " + text);
    }
  }

  private boolean isTime() {
    long now = System.nanoTime();
    if (now - shown < PAUSE) {
      return false;
    }
    shown = now;
    return true;
  }

  private static String left(long seconds) {
    return seconds < 60
        ? seconds + " s"
        : seconds < 3_600
            ? String.format(Locale.ROOT, "%d:%02d min", seconds / 60, seconds % 60)
            : String.format(Locale.ROOT, "%d:%02d h", seconds / 3_600, seconds / 60 % 60);
  }

  private void write(String line) {
    screen.err().print("\r" + Text.cut(line, screen.width() - 1) + "\u001b[K");
    screen.err().flush();
    isShown = true;
  }

  /** Removes the line, so that another text can be written. */
  void clear() {
    if (isShown) {
      screen.err().print("\r\u001b[K");
      screen.err().flush();
      isShown = false;
    }
  }

  @Override
  public void close() {
    clear();
  }
}
