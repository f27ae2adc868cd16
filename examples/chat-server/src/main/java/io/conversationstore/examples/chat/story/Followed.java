package io.conversationstore.examples.chat.story;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.json.Json;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The events of one connection, kept. Thread-safe. */
public final class Followed implements AutoCloseable {

  private final List<Received> events = new ArrayList<>();
  private final Stream<String> lines;
  private boolean ended;

  /** An event. */
  public record Received(String name, JsonNode data) {}

  Followed(Stream<String> lines) {
    this.lines = lines;
    Thread reader = new Thread(this::read, "follow");
    reader.setDaemon(true);
    reader.start();
  }

  private void read() {
    String name = "";
    try {
      for (String line : (Iterable<String>) lines::iterator) {
        if (line.startsWith("event: ")) {
          name = line.substring("event: ".length());
        } else if (line.startsWith("data: ")) {
          add(new Received(name, Json.parse(line.substring("data: ".length()))));
        }
      }
    } catch (UncheckedIOException disconnected) {
      // The end of the connection is the end of the events; `hasEnded` shows it.
    } finally {
      end();
    }
  }

  private synchronized void add(Received event) {
    events.add(event);
    notifyAll();
  }

  private synchronized void end() {
    ended = true;
    notifyAll();
  }

  /**
   * Waits for an event, one of those before included.
   *
   * @throws IllegalStateException if there is none in time, or the connection ends before
   */
  public synchronized Received await(String what, Predicate<Received> wanted)
      throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    int seen = 0;
    while (true) {
      for (; seen < events.size(); seen++) {
        if (wanted.test(events.get(seen))) {
          return events.get(seen);
        }
      }
      long millis = (deadline - System.nanoTime()) / 1_000_000;
      if (ended || millis <= 0) {
        throw new IllegalStateException(
            what + (ended ? " before the connection ended" : " in a minute"));
      }
      wait(millis);
    }
  }

  /** The events so far. */
  public synchronized List<Received> events() {
    return List.copyOf(events);
  }

  /** Disconnects. */
  @Override
  public void close() {
    lines.close();
  }
}
