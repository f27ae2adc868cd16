package io.conversationstore.langchain4j;

import dev.langchain4j.data.audio.Audio;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.data.message.AudioContent;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.PdfFileContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.VideoContent;
import dev.langchain4j.data.pdf.PdfFile;
import dev.langchain4j.data.video.Video;
import io.conversationstore.ContentPart;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Contents of LangChain4j as parts of a stored message, and back. A part is a {@link
 * ContentPart.Text} or {@link ContentPart.Media} that any reader of the store understands; a note
 * holds what such a part has no field for. Media that are no valid part, for instance with an
 * address and data at once, become a part of an own type. Thread-safe.
 */
final class MediaMapping {

  private static final String OWN_TYPE = "langchain4j_";
  private static final int LONGEST_NAME = 255;

  /** A part and what it has no field for. */
  record Part(ContentPart part, Map<String, @Nullable Object> note) {}

  /** What all kinds of media have; {@code binary} only audio. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and never changed
  private record Media(
      Kind kind,
      @Nullable URI url,
      @Nullable String base64,
      byte @Nullable [] binary,
      @Nullable String mimeType) {}

  private enum Kind {
    IMAGE,
    AUDIO,
    VIDEO,
    PDF;

    String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The MIME type of media without one. */
    String anyType() {
      return this == PDF ? "application/pdf" : wireName() + "/*";
    }

    static @Nullable Kind ofMimeType(String mimeType) {
      String type = mimeType.toLowerCase(Locale.ROOT);
      if (type.startsWith("application/pdf")) {
        return PDF;
      }
      for (Kind kind : values()) {
        if (type.startsWith(kind.wireName() + "/")) {
          return kind;
        }
      }
      return null;
    }

    static @Nullable Kind ofWireName(@Nullable Object name) {
      return Stream.of(values())
          .filter(kind -> kind.wireName().equals(name))
          .findFirst()
          .orElse(null);
    }
  }

  private MediaMapping() {}

  /** Whether the store accepts this as a name or a MIME type. */
  static boolean isName(@Nullable String text) {
    return text != null
        && !text.isEmpty()
        && text.length() <= LONGEST_NAME
        && TypedJson.isClean(text);
  }

  /**
   * The part of a content.
   *
   * @throws IllegalArgumentException if it is of a class that LangChain4j does not define
   */
  static Part write(Content content) {
    if (content instanceof TextContent text) {
      return new Part(new ContentPart.Text(text.text()), Map.of());
    }
    if (content instanceof ImageContent image) {
      Part part = write(image.image());
      if (image.detailLevelSpecified()) {
        part.note().put("detail", image.detailLevel().name());
      }
      return part;
    }
    if (content instanceof AudioContent audio) {
      return write(audio.audio());
    }
    if (content instanceof VideoContent video) {
      Video of = video.video();
      return write(new Media(Kind.VIDEO, of.url(), of.base64Data(), null, of.mimeType()));
    }
    if (content instanceof PdfFileContent pdf) {
      PdfFile of = pdf.pdfFile();
      return write(new Media(Kind.PDF, of.url(), of.base64Data(), null, of.mimeType()));
    }
    throw new IllegalArgumentException(
        "a content of "
            + content.getClass().getName()
            + " cannot be stored; use text, image, audio, video or PDF contents");
  }

  static Part write(Image image) {
    Part part =
        write(new Media(Kind.IMAGE, image.url(), image.base64Data(), null, image.mimeType()));
    if (image.revisedPrompt() != null) {
      part.note().put("revisedPrompt", TypedJson.write("a prompt", image.revisedPrompt()));
    }
    return part;
  }

  static Part write(Audio audio) {
    return write(
        new Media(
            Kind.AUDIO, audio.url(), audio.base64Data(), audio.binaryData(), audio.mimeType()));
  }

  private static Part write(Media media) {
    Map<String, @Nullable Object> note = new LinkedHashMap<>();
    if (!isPart(media)) {
      return new Part(ownType(media), note);
    }
    String mimeType = Objects.requireNonNullElse(media.mimeType(), media.kind().anyType());
    if (media.mimeType() == null) {
      note.put("noMimeType", true);
    }
    if (Kind.ofMimeType(mimeType) != media.kind()) {
      note.put("kind", media.kind().wireName());
    }
    if (media.url() != null) {
      return new Part(ContentPart.Media.at(mimeType, media.url().toString()), note);
    }
    byte[] data = media.binary();
    if (data == null) {
      data = Base64.getDecoder().decode(Objects.requireNonNull(media.base64()));
    } else {
      note.put("binary", true);
    }
    return new Part(ContentPart.Media.of(mimeType, data), note);
  }

  /** Whether a media part can hold it so that it comes back unchanged. */
  private static boolean isPart(Media media) {
    int sources =
        (media.url() == null ? 0 : 1)
            + (media.base64() == null ? 0 : 1)
            + (media.binary() == null ? 0 : 1);
    return sources == 1
        && (media.mimeType() == null || isName(media.mimeType()))
        && (media.base64() == null || isCanonical(media.base64()));
  }

  /** Base64 without line breaks, other alphabets and missing padding. */
  private static boolean isCanonical(String base64) {
    if (base64.length() % 4 != 0) {
      return false;
    }
    for (int i = 0; i < base64.length(); i++) {
      char c = base64.charAt(i);
      boolean padding = c == '=' && i >= base64.length() - 2;
      boolean digit = (c >= '0' && c <= '9') || c == '+' || c == '/';
      boolean letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      if (!padding && !digit && !letter) {
        return false;
      }
    }
    return hasZeroRest(base64);
  }

  /** Whether the last group decodes and encodes to itself: its unused bits are zero. */
  private static boolean hasZeroRest(String base64) {
    if (!base64.endsWith("=")) {
      return true;
    }
    String last = base64.substring(base64.length() - 4);
    if (last.charAt(2) == '=' && last.charAt(3) != '=') {
      return false;
    }
    return Base64.getEncoder().encodeToString(Base64.getDecoder().decode(last)).equals(last);
  }

  private static ContentPart ownType(Media media) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("type", OWN_TYPE + media.kind().wireName());
    put(json, "url", media.url() == null ? null : media.url().toString());
    put(json, "base64", media.base64());
    put(json, "binary", media.binary());
    put(json, "mimeType", media.mimeType());
    return new ContentPart.Unknown(json);
  }

  private static void put(Map<String, Object> json, String key, @Nullable Object value) {
    Object written = TypedJson.write("media", value);
    if (written != null) {
      json.put(key, written);
    }
  }

  /** The content of a part; parts that LangChain4j has no content for become text. */
  static Content read(ContentPart part, Map<?, ?> note) {
    if (part instanceof ContentPart.Text text) {
      return TextContent.from(text.text());
    }
    if (part instanceof ContentPart.Reasoning reasoning) {
      return TextContent.from(reasoning.text());
    }
    Media media = mediaOf(part, note);
    if (media == null) {
      return TextContent.from(describe(part));
    }
    return switch (media.kind()) {
      case IMAGE ->
          note.get("detail") instanceof String detail
              ? ImageContent.from(image(media, note), ImageContent.DetailLevel.valueOf(detail))
              : ImageContent.from(image(media, note));
      case AUDIO -> AudioContent.from(audio(media));
      case VIDEO ->
          VideoContent.from(
              Video.builder()
                  .url(media.url())
                  .base64Data(media.base64())
                  .mimeType(media.mimeType())
                  .build());
      case PDF ->
          PdfFileContent.from(
              PdfFile.builder()
                  .url(media.url())
                  .base64Data(media.base64())
                  .mimeType(media.mimeType())
                  .build());
    };
  }

  /** An image or an {@link Audio}, or null if the part is neither. */
  static @Nullable Object readGenerated(ContentPart part, Map<?, ?> note) {
    Media media = mediaOf(part, note);
    if (media != null && media.kind() == Kind.IMAGE) {
      return image(media, note);
    }
    return media != null && media.kind() == Kind.AUDIO ? audio(media) : null;
  }

  private static Image image(Media media, Map<?, ?> note) {
    return Image.builder()
        .url(media.url())
        .base64Data(media.base64())
        .mimeType(media.mimeType())
        .revisedPrompt((String) TypedJson.read(note.get("revisedPrompt")))
        .build();
  }

  private static Audio audio(Media media) {
    return Audio.builder()
        .url(media.url())
        .base64Data(media.base64())
        .binaryData(media.binary())
        .mimeType(media.mimeType())
        .build();
  }

  private static @Nullable Media mediaOf(ContentPart part, Map<?, ?> note) {
    if (part instanceof ContentPart.Unknown unknown) {
      return ofOwnType(unknown.json());
    }
    if (!(part instanceof ContentPart.Media media)) {
      return null;
    }
    Kind kind = Kind.ofWireName(note.get("kind"));
    if (kind == null) {
      kind = Kind.ofMimeType(media.mimeType());
    }
    if (kind == null) {
      return null;
    }
    URI url = media.url() == null ? null : parsed(media.url());
    byte[] data = media.data();
    if (url == null && data == null) {
      return null;
    }
    boolean binary = Boolean.TRUE.equals(note.get("binary"));
    return new Media(
        kind,
        url,
        data == null || binary ? null : Base64.getEncoder().encodeToString(data),
        binary ? data : null,
        Boolean.TRUE.equals(note.get("noMimeType")) ? null : media.mimeType());
  }

  /** The address, or null if others stored one that Java does not accept. */
  private static @Nullable URI parsed(String url) {
    try {
      return new URI(url);
    } catch (URISyntaxException notOurs) {
      return null;
    }
  }

  private static @Nullable Media ofOwnType(Map<String, @Nullable Object> json) {
    Kind kind =
        json.get("type") instanceof String type && type.startsWith(OWN_TYPE)
            ? Kind.ofWireName(type.substring(OWN_TYPE.length()))
            : null;
    if (kind == null) {
      return null;
    }
    return new Media(
        kind,
        json.get("url") instanceof String url ? URI.create(url) : null,
        (String) TypedJson.read(json.get("base64")),
        (byte[]) TypedJson.read(json.get("binary")),
        (String) TypedJson.read(json.get("mimeType")));
  }

  /** What a reader sees of a part that others stored and LangChain4j does not know. */
  private static String describe(ContentPart part) {
    if (part instanceof ContentPart.Media media) {
      String where = Objects.requireNonNullElse(media.url(), media.name());
      return "[" + media.mimeType() + (where == null ? "" : " " + where) + "]";
    }
    ContentPart.Unknown unknown = (ContentPart.Unknown) part;
    return unknown.json().get("text") instanceof String text
        ? text
        : "[" + unknown.json().get("type") + "]";
  }
}
