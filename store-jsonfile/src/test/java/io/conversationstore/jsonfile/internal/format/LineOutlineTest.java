package io.conversationstore.jsonfile.internal.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Message;
import io.conversationstore.Role;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.testkit.Generators;
import io.conversationstore.testkit.SampleChanges;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Reading a line without contents agrees with reading it in full, and the contents are at the
 * positions that the outline and the writer give.
 */
class LineOutlineTest {
  private static final Instant AT = Instant.parse("2026-02-03T04:05:06.000007Z");

  /** A message as in the outline: id, digest, time and usage. */
  private static NewMessage outlined(NewMessage message) {
    Message read = message.message();
    Message kept = Message.of(Role.USER);
    return new NewMessage(
        message.id(),
        read.usage() == null ? kept : kept.withModel(null).withUsage(read.usage()),
        message.digest(),
        message.createdAt());
  }

  private static Change outlined(Change change) {
    if (change instanceof MessagesAppended append) {
      return new MessagesAppended(
          append.stamp(),
          append.ref(),
          append.messages().stream().map(LineOutlineTest::outlined).toList(),
          append.condition(),
          append.editExisting());
    } else if (change instanceof Bulk bulk) {
      return new Bulk(
          bulk.stamp(),
          bulk.changes().stream().map(LineOutlineTest::outlined).toList(),
          bulk.asSent());
    }
    return change;
  }

  /** The contents at the recorded positions, in order. */
  private static List<Object> contents(Change change) {
    List<Object> contents = new ArrayList<>();
    if (change instanceof MessagesAppended append) {
      contents.addAll(append.messages());
    } else if (change instanceof MessageEdited edited) {
      contents.add(edited.edit().content());
    } else if (change instanceof Bulk bulk) {
      bulk.changes().forEach(part -> contents.addAll(contents(part)));
    }
    return contents;
  }

  private static void requireContent(Object expected, JsonNode json) {
    if (expected instanceof NewMessage message) {
      assertThat(Json.string(json, "digest")).isEqualTo(message.digest());
      assertThat(ModelJson.readMessage(Json.field(json, "message"))).isEqualTo(message.message());
    } else {
      assertThat(ModelJson.readContent(json)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void anOutlineSaysWhatTheFullReadingSays(long seed) throws IOException {
    Generators generators = new Generators(new Random(seed));
    for (Change change : SampleChanges.of(generators, new Random(seed))) {
      EncodedChange encoded = EncodedChange.of(change);
      byte[] head = LineFormat.head(17, 16, AT, "\"apply\":");
      byte[] line = LineFormat.join(head, encoded.json());
      byte[] block = new byte[line.length + 3];
      System.arraycopy(line, 0, block, 3, line.length);

      LineOutline outline = LineOutline.of(block, 3, line.length - 1, new LineOutline.Owners());

      assertThat(outline.payload()).isEqualTo(outlined(change));
      assertThat(outline.number()).isEqualTo(17);
      assertThat(outline.synced()).isEqualTo(16);
      assertThat(outline.at()).isEqualTo(AT);
      List<Object> expected = contents(change);
      assertThat(outline.contents()).hasSameSizeAs(expected);
      for (int i = 0; i < expected.size(); i++) {
        LineOutline.Span read = outline.contents().get(i);
        LineOutline.Span written = encoded.contents().get(i);
        assertThat(read.in(1, -head.length)).as("content %d", i).isEqualTo(written.in(1, 0));
        requireContent(expected.get(i), Json.parse(line, read.start(), read.end() - read.start()));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {7_990, 7_999, 8_000, 8_001, 100_000})
  void contentsLongerThanWhatAWriterBuffersStandWhereItSays(int length) {
    Change.MessagesAppended sample =
        SampleChanges.of(new Generators(new Random(1)), new Random(1)).stream()
            .filter(MessagesAppended.class::isInstance)
            .map(MessagesAppended.class::cast)
            .findFirst()
            .orElseThrow();
    List<NewMessage> messages =
        sample.messages().stream()
            .map(
                message ->
                    new NewMessage(
                        message.id(),
                        Message.user("é".repeat(length)).withId(message.id()),
                        message.digest(),
                        null))
            .toList();
    EncodedChange encoded =
        EncodedChange.of(
            new MessagesAppended(
                sample.stamp(), sample.ref(), messages, sample.condition(), false));
    for (int i = 0; i < messages.size(); i++) {
      LineOutline.Span span = encoded.contents().get(i);
      String json =
          new String(
              encoded.json(), span.start(), span.end() - span.start(), StandardCharsets.UTF_8);
      requireContent(messages.get(i), Json.parse(json));
    }
  }
}
