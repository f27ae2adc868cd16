package io.conversationstore;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A part of a message's content. The order of the parts is kept. A part may be logged: {@code
 * toString} never shows content.
 */
public sealed interface ContentPart {

  /** Text for the reader. U+0000 and lone surrogates become U+FFFD. */
  record Text(String text) implements ContentPart {
    public Text {
      text = Canonical.text(text);
    }

    @Override
    public String toString() {
      return "Text[" + text.length() + " characters]";
    }
  }

  /**
   * A model's reasoning before its answer.
   *
   * @param signature opaque value that the provider expects back with the text; may be absent
   */
  record Reasoning(String text, @Nullable String signature) implements ContentPart {
    public Reasoning {
      text = Canonical.text(text);
      signature = signature == null ? null : Canonical.text(signature);
    }

    @Override
    public String toString() {
      return "Reasoning[" + text.length() + " characters]";
    }
  }

  /**
   * An image, a sound or a file, either by reference or with its bytes.
   *
   * @param mimeType for instance {@code image/png}; 1 to 255 characters
   * @param url its address; kept as given, never opened
   * @param data its bytes, copied on the way in and out
   * @param name a file name to show; may be absent
   */
  @SuppressWarnings("ArrayRecordComponent") // copied in and out, and equal by content
  record Media(String mimeType, @Nullable String url, byte @Nullable [] data, @Nullable String name)
      implements ContentPart {

    public Media {
      Canonical.requireName("mimeType", mimeType);
      if ((url == null) == (data == null)) {
        throw new IllegalArgumentException("a media part must have either a url or data");
      }
      url = url == null ? null : Canonical.text(url);
      data = data == null ? null : data.clone();
      name = name == null ? null : Canonical.text(name);
    }

    public static Media at(String mimeType, String url) {
      return new Media(mimeType, url, null, null);
    }

    public static Media of(String mimeType, byte[] data) {
      return new Media(mimeType, null, data, null);
    }

    @Override
    public byte @Nullable [] data() {
      return data == null ? null : data.clone();
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Media that
          && mimeType.equals(that.mimeType)
          && Objects.equals(url, that.url)
          && Arrays.equals(data, that.data)
          && Objects.equals(name, that.name);
    }

    @Override
    public int hashCode() {
      return 31 * Objects.hash(mimeType, url, name) + Arrays.hashCode(data);
    }

    @Override
    public String toString() {
      return "Media[" + mimeType + "]";
    }
  }

  /**
   * A part of a type that this version does not know, kept as the original JSON object.
   *
   * @param json canonical JSON, see {@link Message}
   */
  record Unknown(Map<String, @Nullable Object> json) implements ContentPart {
    public Unknown {
      json = Canonical.object("content part", json);
    }

    @Override
    public String toString() {
      return "Unknown[" + json.size() + " fields]";
    }
  }
}
