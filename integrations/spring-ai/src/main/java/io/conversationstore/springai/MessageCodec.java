package io.conversationstore.springai;

import io.conversationstore.ContentPart;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolCall;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.messages.AbstractMessage;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.Media;
import org.springframework.ai.content.MediaContent;
import org.springframework.util.InvalidMimeTypeException;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;

/**
 * How messages of Spring AI are stored: in the store's own fields, so that other readers understand
 * them. What these fields cannot say stands in the metadata under {@value #NOTES}:
 *
 * <table>
 * <caption>Notes</caption>
 * <tr><td>{@code types}<td>types of metadata, see {@link MetadataCodec}
 * <tr><td>{@code media}<td>per media part, an id or that the data was Base64 text or a {@code URL}
 * <tr><td>{@code results}, {@code result}<td>a message with several tool results becomes one stored
 *     message for each result, in one append: their number, and the place of this one from 0
 * <tr><td>{@code window}<td>see {@link SavedWindow}
 * </table>
 *
 * <p>Encoding what was decoded gives the same as before, for messages of any writer.
 */
final class MessageCodec {

  static final String NOTES = "spring-ai";
  private static final String TYPES = "types";
  private static final String MEDIA = "media";
  private static final String RESULTS = "results";
  private static final String RESULT = "result";

  private static final String ID = "id";
  private static final String FORM = "form";
  private static final String BASE64 = "base64";
  private static final String URL_OBJECT = "url";

  /** A key of the application that looks like ours gets a prime more. */
  private static final Pattern OURS = Pattern.compile(NOTES + "'*");

  private static final Pattern WITH_SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:.*");

  private MessageCodec() {}

  /**
   * Encodes a message as one stored message, or one for each of several tool results, without ids.
   *
   * @throws IllegalArgumentException if the store cannot hold it; the error never shows content
   */
  static List<io.conversationstore.Message> encode(Message message) {
    return encode(message, true);
  }

  /**
   * A form in which two messages are equal if they were stored as the same; types of metadata are
   * left out, because some are lost when a class is renamed.
   */
  static List<io.conversationstore.Message> comparable(Message message) {
    return encode(message, false);
  }

  private static List<io.conversationstore.Message> encode(Message message, boolean withTypes) {
    Map<String, @Nullable Object> notes = new TreeMap<>();
    Map<String, @Nullable Object> metadata = encodeMetadata(message, notes, withTypes);
    if (message instanceof ToolResponseMessage results) {
      return encodeResults(results.getResponses(), metadata, notes);
    }
    Role role =
        switch (message.getMessageType()) {
          case USER -> Role.USER;
          case ASSISTANT -> Role.ASSISTANT;
          case SYSTEM -> Role.SYSTEM;
          case TOOL ->
              throw new IllegalArgumentException(
                  message.getClass().getName()
                      + " is not a ToolResponseMessage, so its results are not known");
        };
    List<ContentPart> parts = new ArrayList<>();
    if (message.getText() != null) {
      parts.add(new ContentPart.Text(message.getText()));
    }
    if (message instanceof MediaContent content) {
      encodeMedia(content.getMedia(), parts, notes);
    }
    io.conversationstore.Message encoded = io.conversationstore.Message.of(role).withContent(parts);
    if (message instanceof AssistantMessage assistant) {
      encoded =
          encoded.withToolCalls(
              assistant.getToolCalls().stream().map(MessageCodec::encodeCall).toList());
    }
    return List.of(withNotes(encoded, metadata, notes));
  }

  private static Map<String, @Nullable Object> encodeMetadata(
      Message message, Map<String, @Nullable Object> notes, boolean withTypes) {
    Map<String, @Nullable Object> own = new LinkedHashMap<>();
    boolean renamed = false;
    for (Map.Entry<String, Object> entry : message.getMetadata().entrySet()) {
      String key = entry.getKey();
      // Spring puts the type of the message into its metadata.
      if (key.equals(AbstractMessage.MESSAGE_TYPE)
          && message.getMessageType().equals(entry.getValue())) {
        continue;
      }
      boolean rename = OURS.matcher(key).matches();
      renamed |= rename;
      own.put(rename ? key + "'" : key, entry.getValue());
    }
    MetadataCodec.Encoded encoded = MetadataCodec.encode(own);
    if (renamed || (withTypes && !encoded.types().isEmpty())) {
      notes.put(TYPES, withTypes ? encoded.types() : Map.of());
    }
    return encoded.json();
  }

  private static io.conversationstore.Message withNotes(
      io.conversationstore.Message message,
      Map<String, @Nullable Object> metadata,
      Map<String, @Nullable Object> notes) {
    if (notes.isEmpty()) {
      return message.withMetadata(metadata);
    }
    Map<String, @Nullable Object> all = new LinkedHashMap<>(metadata);
    all.put(NOTES, notes);
    return message.withMetadata(all);
  }

  /** The message with one more note. */
  static io.conversationstore.Message withNote(
      io.conversationstore.Message message, String key, Object value) {
    Map<String, @Nullable Object> metadata = new LinkedHashMap<>(message.metadata());
    Map<String, @Nullable Object> notes = new TreeMap<>();
    notes(message).forEach((name, note) -> notes.put(String.valueOf(name), note));
    notes.put(key, value);
    metadata.put(NOTES, notes);
    return message.withMetadata(metadata);
  }

  /** The notes of a stored message; empty if it has none. */
  static Map<?, ?> notes(io.conversationstore.Message message) {
    return message.metadata().get(NOTES) instanceof Map<?, ?> notes ? notes : Map.of();
  }

  private static List<io.conversationstore.Message> encodeResults(
      List<ToolResponse> responses,
      Map<String, @Nullable Object> metadata,
      Map<String, @Nullable Object> notes) {
    if (responses.isEmpty()) {
      notes.put(RESULTS, 0);
      return List.of(
          withNotes(
              io.conversationstore.Message.of(Role.TOOL).withContent(List.of()), metadata, notes));
    }
    List<io.conversationstore.Message> encoded = new ArrayList<>();
    for (ToolResponse response : responses) {
      io.conversationstore.Message result = encodeResult(response);
      if (responses.size() > 1) {
        notes.put(RESULTS, responses.size());
        notes.put(RESULT, encoded.size());
      }
      encoded.add(withNotes(result, metadata, new TreeMap<>(notes)));
      metadata = Map.of();
      notes.remove(TYPES);
    }
    return encoded;
  }

  @SuppressWarnings("ConstantValue") // models leave names and data out
  private static io.conversationstore.Message encodeResult(ToolResponse response) {
    io.conversationstore.Message result =
        io.conversationstore.Message.of(Role.TOOL)
            .withContent(
                new ContentPart.Text(
                    response.responseData() == null ? "" : response.responseData()))
            .withToolCallId(response.id());
    return response.name() == null || response.name().isEmpty()
        ? result
        : result.withName(response.name());
  }

  @SuppressWarnings("ConstantValue") // some models leave fields out
  private static ToolCall encodeCall(AssistantMessage.ToolCall call) {
    String type = call.type() == null || call.type().isEmpty() ? "function" : call.type();
    return new ToolCall(
        call.id() == null ? "" : call.id(),
        type,
        call.name(),
        call.arguments() == null ? "" : call.arguments());
  }

  private static void encodeMedia(
      List<Media> media, List<ContentPart> parts, Map<String, @Nullable Object> notes) {
    Map<String, @Nullable Object> forms = new TreeMap<>();
    for (int i = 0; i < media.size(); i++) {
      Media item = media.get(i);
      Map<String, @Nullable Object> form = new TreeMap<>();
      if (item.getId() != null) {
        form.put(ID, item.getId());
      }
      parts.add(encodeMedia(item, form));
      if (!form.isEmpty()) {
        forms.put(Integer.toString(i), form);
      }
    }
    if (!forms.isEmpty()) {
      notes.put(MEDIA, forms);
    }
  }

  private static ContentPart encodeMedia(Media media, Map<String, @Nullable Object> form) {
    String mimeType = media.getMimeType().toString();
    Object data = media.getData();
    if (data instanceof byte[] bytes) {
      return new ContentPart.Media(mimeType, null, bytes, media.getName());
    }
    if (data instanceof URL url) {
      form.put(FORM, URL_OBJECT);
      return at(mimeType, url.toString(), media.getName());
    }
    if (data instanceof String text) {
      byte[] bytes = WITH_SCHEME.matcher(text).matches() ? null : ofBase64(text);
      if (bytes != null) {
        form.put(FORM, BASE64);
        return new ContentPart.Media(mimeType, null, bytes, media.getName());
      }
      return at(mimeType, text, media.getName());
    }
    throw new IllegalArgumentException(
        "media of type "
            + mimeType
            + " holds a "
            + data.getClass().getName()
            + "; use a byte array, a URI, a URL or text");
  }

  @SuppressWarnings("NullAway") // the class file does not say that the array may be null
  private static ContentPart at(String mimeType, String url, String name) {
    return new ContentPart.Media(mimeType, url, null, name);
  }

  /** The bytes, if encoding them gives the same text again; else null. */
  private static byte @Nullable [] ofBase64(String text) {
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      return Base64.getEncoder().encodeToString(bytes).equals(text) ? bytes : null;
    } catch (IllegalArgumentException notBase64) {
      return null;
    }
  }

  /**
   * Decodes messages that follow each other in a conversation. Results of one message are joined
   * again; if the list begins or ends within such a message, the entry holds the results that are
   * there.
   */
  static List<Entry> decode(List<StoredMessage> messages) {
    List<Entry> entries = new ArrayList<>();
    int i = 0;
    while (i < messages.size()) {
      int end = i + 1;
      while (end < messages.size()
          && continues(messages.get(end - 1).message(), messages.get(end).message())) {
        end++;
      }
      List<StoredMessage> stored = List.copyOf(messages.subList(i, end));
      entries.add(new Entry(decodeOne(stored), stored));
      i = end;
    }
    return entries;
  }

  private static boolean continues(
      io.conversationstore.Message earlier, io.conversationstore.Message later) {
    return earlier.role() == Role.TOOL
        && later.role() == Role.TOOL
        && count(earlier, RESULTS) > 1
        && count(earlier, RESULTS) == count(later, RESULTS)
        && count(earlier, RESULT) < count(later, RESULT);
  }

  private static long count(io.conversationstore.Message message, String note) {
    return notes(message).get(note) instanceof Long count ? count : -1;
  }

  /** Whether the results that precede these belong to the same message. */
  static boolean beginsWithin(List<StoredMessage> stored) {
    return count(stored.get(0).message(), RESULT) > 0;
  }

  private static Message decodeOne(List<StoredMessage> stored) {
    io.conversationstore.Message first = stored.get(0).message();
    Map<String, Object> metadata = decodeMetadata(first);
    return switch (first.role()) {
      case USER ->
          UserMessage.builder()
              .text(first.text())
              .media(decodeMedia(first))
              .metadata(metadata)
              .build();
      case SYSTEM -> SystemMessage.builder().text(first.text()).metadata(metadata).build();
      case ASSISTANT ->
          AssistantMessage.builder()
              .content(hasText(first) ? first.text() : null)
              .properties(metadata)
              .toolCalls(
                  first.toolCalls().stream()
                      .map(
                          call ->
                              new AssistantMessage.ToolCall(
                                  call.id(), call.type(), call.name(), call.arguments()))
                      .toList())
              .media(decodeMedia(first))
              .build();
      case TOOL ->
          ToolResponseMessage.builder()
              .responses(
                  count(first, RESULTS) == 0
                      ? List.of()
                      : stored.stream().map(MessageCodec::decodeResult).toList())
              .metadata(metadata)
              .build();
    };
  }

  private static ToolResponse decodeResult(StoredMessage stored) {
    io.conversationstore.Message message = stored.message();
    return new ToolResponse(
        message.toolCallId() == null ? "" : message.toolCallId(),
        message.name() == null ? "" : message.name(),
        message.text());
  }

  private static boolean hasText(io.conversationstore.Message message) {
    return !message.text().isEmpty()
        || message.content().stream().anyMatch(ContentPart.Text.class::isInstance);
  }

  private static Map<String, Object> decodeMetadata(io.conversationstore.Message message) {
    Map<?, ?> types = notes(message).get(TYPES) instanceof Map<?, ?> map ? map : Map.of();
    Map<String, Object> decoded = MetadataCodec.decode(message.metadata(), types);
    boolean ours = decoded.remove(NOTES) != null;
    if (!ours || decoded.keySet().stream().noneMatch(key -> OURS.matcher(key).matches())) {
      return decoded;
    }
    Map<String, Object> named = new LinkedHashMap<>();
    decoded.forEach(
        (key, value) ->
            named.put(
                OURS.matcher(key).matches() ? key.substring(0, key.length() - 1) : key, value));
    return named;
  }

  private static List<Media> decodeMedia(io.conversationstore.Message message) {
    Map<?, ?> forms = notes(message).get(MEDIA) instanceof Map<?, ?> map ? map : Map.of();
    List<Media> media = new ArrayList<>();
    for (ContentPart part : message.content()) {
      if (part instanceof ContentPart.Media item) {
        Map<?, ?> form =
            forms.get(Integer.toString(media.size())) instanceof Map<?, ?> map ? map : Map.of();
        media.add(decodeMedia(item, form));
      }
    }
    return media;
  }

  private static Media decodeMedia(ContentPart.Media item, Map<?, ?> form) {
    MimeType mimeType = mimeType(item.mimeType());
    // Spring would choose a new name at each read.
    String name = item.name() == null ? "media-" + mimeType.getSubtype() : item.name();
    Media.Builder builder = Media.builder().mimeType(mimeType).name(name);
    if (form.get(ID) instanceof String id) {
      builder.id(id);
    }
    byte[] bytes = item.data();
    if (bytes != null) {
      return BASE64.equals(form.get(FORM))
          ? builder.data(Base64.getEncoder().encodeToString(bytes)).build()
          : builder.data(bytes).build();
    }
    String url = String.valueOf(item.url());
    URL object = URL_OBJECT.equals(form.get(FORM)) ? urlOf(url) : null;
    return object == null ? builder.data(url).build() : builder.data(object).build();
  }

  /** Other writers may store any text as a type. */
  private static MimeType mimeType(String text) {
    try {
      return MimeType.valueOf(text);
    } catch (InvalidMimeTypeException byOthers) {
      return MimeTypeUtils.APPLICATION_OCTET_STREAM;
    }
  }

  /** Null if this process has no handler for the protocol. */
  private static @Nullable URL urlOf(String text) {
    try {
      return URI.create(text).toURL();
    } catch (MalformedURLException | IllegalArgumentException noHandler) {
      return null;
    }
  }
}
