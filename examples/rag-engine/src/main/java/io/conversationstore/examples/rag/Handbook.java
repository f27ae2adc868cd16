package io.conversationstore.examples.rag;

import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.segment.TextSegment;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The handbook of a coffee roastery. A passage is a section of one of its files. */
final class Handbook {

  /** Metadata of a passage: the file that it is from. */
  static final String SOURCE = "source";

  /** Metadata of a passage: the heading that it stands under. */
  static final String SECTION = "section";

  private Handbook() {}

  /** All passages, in the order of the files. */
  static List<TextSegment> passages() {
    List<TextSegment> passages = new ArrayList<>();
    for (String file : resource("index").lines().toList()) {
      passages.addAll(sections(file, resource(file)));
    }
    return passages;
  }

  private static List<TextSegment> sections(String file, String text) {
    List<TextSegment> sections = new ArrayList<>();
    // The title of the file comes before its first section.
    String[] parts = text.split("(?m)^## ");
    String title = parts[0].replaceFirst("^# ", "").trim();
    for (int i = 1; i < parts.length; i++) {
      String[] headingAndBody = parts[i].split("\n", 2);
      String heading = title + ": " + headingAndBody[0].trim();
      sections.add(
          TextSegment.from(
              headingAndBody[1].trim(), new Metadata(Map.of(SOURCE, file, SECTION, heading))));
    }
    return sections;
  }

  private static String resource(String name) {
    try (InputStream in = Handbook.class.getResourceAsStream("/handbook/" + name)) {
      if (in == null) {
        throw new IllegalStateException("the handbook lacks the file " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
