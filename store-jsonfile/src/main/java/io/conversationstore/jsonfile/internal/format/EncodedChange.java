package io.conversationstore.jsonfile.internal.format;

import com.fasterxml.jackson.core.JsonGenerator;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A change, its JSON, and the positions of contents in it. The caller encodes it, which saves work
 * on the log thread.
 *
 * @param contents as {@link LineOutline#contents()}, counted from the beginning of the JSON
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
public record EncodedChange(Change change, byte[] json, List<LineOutline.Span> contents) {

  public static EncodedChange of(Change change) {
    ByteArrayOutputStream written = new ByteArrayOutputStream(1_024);
    Marks marks;
    try (JsonGenerator out = Json.generator(written)) {
      marks = new Marks(out, written);
      ChangeJson.write(out, change, marks);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    byte[] json = written.toByteArray();
    return new EncodedChange(change, json, marks.spans(json));
  }

  /** Records the number of bytes written before and after each content. */
  private static final class Marks implements ChangeJson.ContentListener {
    private final JsonGenerator out;
    private final ByteArrayOutputStream written;
    private final List<Integer> offsets = new ArrayList<>();

    Marks(JsonGenerator out, ByteArrayOutputStream written) {
      this.out = out;
      this.written = written;
    }

    @Override
    public void begins() {
      mark();
    }

    @Override
    public void ends() {
      mark();
    }

    private void mark() {
      offsets.add(written.size() + out.getOutputBuffered());
    }

    List<LineOutline.Span> spans(byte[] json) {
      List<LineOutline.Span> spans = new ArrayList<>(offsets.size() / 2);
      for (int i = 0; i < offsets.size(); i += 2) {
        int start = offsets.get(i);
        int end = offsets.get(i + 1);
        if (json[start] == ',' || json[start] == ':') {
          // The generator writes a separator together with the value that follows.
          start++;
        }
        spans.add(new LineOutline.Span(start, end, Place.crc(json, start, end - start)));
      }
      return spans;
    }
  }
}
