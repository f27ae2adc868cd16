package io.conversationstore.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.audio.Audio;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.CustomMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.Role;
import io.conversationstore.ToolCall;
import io.conversationstore.langchain4j.MediaMapping.Part;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Messages of LangChain4j as messages of the store, and back. What other programs read of a stored
 * message (role, text, media, reasoning, tool calls and results) is in the fields that every
 * program knows; the rest is in the metadata under {@value #KEY}. Messages that other programs
 * stored are read as well. Thread-safe.
 */
final class MessageMapping {

  /** The metadata of this module. */
  static final String KEY = "langchain4j";

  private static final String FUNCTION = "function";
  private static final String NO_NAME = "?";

  private MessageMapping() {}

  /** The parts of a message and the notes on them, by their index. */
  private static final class Parts {
    private final List<ContentPart> parts = new ArrayList<>();
    private final Map<String, @Nullable Object> notes = new LinkedHashMap<>();

    void add(Part part) {
      if (!part.note().isEmpty()) {
        notes.put(Integer.toString(parts.size()), part.note());
      }
      parts.add(part.part());
    }

    void add(ContentPart part) {
      parts.add(part);
    }

    Message of(Role role, Map<String, @Nullable Object> note) {
      if (!notes.isEmpty()) {
        note.put("parts", notes);
      }
      return withNote(Message.of(role).withContent(parts), note);
    }
  }

  /** The message with these metadata of this module; empty ones are left out. */
  static Message withNote(Message message, Map<String, ? extends @Nullable Object> note) {
    Map<String, @Nullable Object> metadata = new LinkedHashMap<>(message.metadata());
    metadata.remove(KEY);
    if (!note.isEmpty()) {
      metadata.put(KEY, note);
    }
    return message.withMetadata(metadata);
  }

  /** The metadata of this module; empty if the message has none. */
  static Map<?, ?> note(Message message) {
    return message.metadata().get(KEY) instanceof Map<?, ?> note ? note : Map.of();
  }

  /**
   * The message to store.
   *
   * @throws IllegalArgumentException if the message, a content or an attribute is of a class that
   *     cannot be stored; names the class, never the content
   */
  static Message write(ChatMessage message) {
    Map<String, @Nullable Object> note = new LinkedHashMap<>();
    Parts parts = new Parts();
    if (message instanceof SystemMessage system) {
      attributes(note, system.attributes());
      parts.add(new ContentPart.Text(system.text()));
      return parts.of(Role.SYSTEM, note);
    }
    if (message instanceof UserMessage user) {
      attributes(note, user.attributes());
      user.contents().forEach(content -> parts.add(MediaMapping.write(content)));
      String name = name(note, user.name());
      return parts.of(Role.USER, note).withName(name);
    }
    if (message instanceof AiMessage answer) {
      return write(answer, note, parts);
    }
    if (message instanceof ToolExecutionResultMessage result) {
      return write(result, note, parts);
    }
    if (message instanceof CustomMessage custom) {
      note.put("type", "custom");
      attributes(note, custom.attributes());
      return parts.of(Role.USER, note);
    }
    throw new IllegalArgumentException(
        "a message of "
            + message.getClass().getName()
            + " cannot be stored; use the message classes of LangChain4j");
  }

  private static Message write(AiMessage answer, Map<String, @Nullable Object> note, Parts parts) {
    if (answer.thinking() != null) {
      parts.add(new ContentPart.Reasoning(answer.thinking(), null));
    }
    if (answer.text() != null) {
      parts.add(new ContentPart.Text(answer.text()));
    }
    // Generated media are as large as messages may be; metadata may not.
    Map<String, Object> attributes = new LinkedHashMap<>(answer.attributes());
    generated(attributes, AiMessage.GENERATED_IMAGES_KEY, Image.class, MediaMapping::write, parts);
    generated(attributes, AiMessage.GENERATED_AUDIO_KEY, Audio.class, MediaMapping::write, parts);
    attributes(note, attributes);

    List<ToolCall> calls = new ArrayList<>();
    Map<String, @Nullable Object> callNotes = new LinkedHashMap<>();
    for (ToolExecutionRequest request : answer.toolExecutionRequests()) {
      Map<String, @Nullable Object> callNote = new LinkedHashMap<>();
      String name = name(callNote, request.name());
      if (request.name() == null) {
        callNote.put("name", null);
      }
      if (request.id() == null) {
        callNote.put("id", null);
      }
      if (request.arguments() == null) {
        callNote.put("arguments", null);
      }
      if (!callNote.isEmpty()) {
        callNotes.put(Integer.toString(calls.size()), callNote);
      }
      calls.add(
          new ToolCall(
              Objects.requireNonNullElse(request.id(), ""),
              FUNCTION,
              Objects.requireNonNullElse(name, NO_NAME),
              Objects.requireNonNullElse(request.arguments(), "")));
    }
    if (!callNotes.isEmpty()) {
      note.put("calls", callNotes);
    }
    return parts.of(Role.ASSISTANT, note).withToolCalls(calls);
  }

  /** Takes media that the model made out of the attributes and adds them as parts. */
  private static <T> void generated(
      Map<String, Object> attributes,
      String key,
      Class<T> type,
      Function<T, Part> writer,
      Parts parts) {
    if (attributes.get(key) instanceof List<?> list
        && !list.isEmpty()
        && list.stream().allMatch(type::isInstance)) {
      attributes.remove(key);
      for (Object each : list) {
        Part part = writer.apply(type.cast(each));
        part.note().put("generated", key);
        parts.add(part);
      }
    }
  }

  private static Message write(
      ToolExecutionResultMessage result, Map<String, @Nullable Object> note, Parts parts) {
    attributes(note, result.attributes());
    if (Boolean.FALSE.equals(result.isError())) {
      note.put("error", false);
    }
    String name = name(note, result.toolName());
    result.contents().forEach(content -> parts.add(MediaMapping.write(content)));
    return parts
        .of(Role.TOOL, note)
        .withToolCallId(result.id())
        .withName(name)
        .withToolError(Boolean.TRUE.equals(result.isError()));
  }

  /** The name for the store; notes it if the store does not accept it. */
  private static @Nullable String name(Map<String, @Nullable Object> note, @Nullable String name) {
    if (name == null || MediaMapping.isName(name)) {
      return name;
    }
    note.put("name", TypedJson.write("a name", name));
    return null;
  }

  private static void attributes(Map<String, @Nullable Object> note, Map<String, Object> of) {
    if (!of.isEmpty()) {
      Map<String, @Nullable Object> written = new LinkedHashMap<>();
      of.forEach((key, value) -> written.put(key, value));
      note.put("attributes", TypedJson.write("the attributes of a message", written));
    }
  }

  /** The message of LangChain4j. */
  static ChatMessage read(Message message) {
    Map<?, ?> note = note(message);
    return switch (message.role()) {
      case SYSTEM -> system(message, note);
      case USER ->
          "custom".equals(note.get("type"))
              ? CustomMessage.from(attributes(note))
              : UserMessage.builder()
                  .name(name(note, message))
                  .contents(contents(message, note))
                  .attributes(attributes(note))
                  .build();
      case ASSISTANT -> answer(message, note);
      case TOOL ->
          ToolExecutionResultMessage.builder()
              .id(message.toolCallId())
              .toolName(name(note, message))
              .contents(contents(message, note))
              .isError(isError(message, note))
              .attributes(attributes(note))
              .build();
    };
  }

  /** LangChain4j refuses blank system messages, which others may have stored. */
  private static ChatMessage system(Message message, Map<?, ?> note) {
    String text = message.text();
    return SystemMessage.builder()
        .text(text.isBlank() ? "(empty)" : text)
        .attributes(attributes(note))
        .build();
  }

  private static @Nullable Boolean isError(Message message, Map<?, ?> note) {
    if (message.toolError()) {
      return true;
    }
    return note.get("error") instanceof Boolean noted ? noted : null;
  }

  private static AiMessage answer(Message message, Map<?, ?> note) {
    Map<String, Object> attributes = new LinkedHashMap<>(attributes(note));
    Map<String, List<Object>> generated = new LinkedHashMap<>();
    List<String> thoughts = new ArrayList<>();
    boolean hasText = false;
    for (int i = 0; i < message.content().size(); i++) {
      ContentPart part = message.content().get(i);
      if (part instanceof ContentPart.Reasoning reasoning) {
        thoughts.add(reasoning.text());
      } else if (part instanceof ContentPart.Text) {
        hasText = true;
      } else {
        Map<?, ?> partNote = partNote(note, i);
        Object media = MediaMapping.readGenerated(part, partNote);
        if (media == null) {
          hasText |= part instanceof ContentPart.Unknown;
        } else {
          String key =
              media instanceof Image
                  ? AiMessage.GENERATED_IMAGES_KEY
                  : AiMessage.GENERATED_AUDIO_KEY;
          generated.computeIfAbsent(key, any -> new ArrayList<>()).add(media);
        }
      }
    }
    attributes.putAll(generated);
    return AiMessage.builder()
        .text(hasText ? message.text() : null)
        .thinking(thoughts.isEmpty() ? null : String.join("\n", thoughts))
        .toolExecutionRequests(requests(message, note))
        .attributes(attributes)
        .build();
  }

  private static List<ToolExecutionRequest> requests(Message message, Map<?, ?> note) {
    Map<?, ?> callNotes = note.get("calls") instanceof Map<?, ?> noted ? noted : Map.of();
    List<ToolExecutionRequest> requests = new ArrayList<>();
    for (ToolCall call : message.toolCalls()) {
      Map<?, ?> callNote =
          callNotes.get(Integer.toString(requests.size())) instanceof Map<?, ?> noted
              ? noted
              : Map.of();
      requests.add(
          ToolExecutionRequest.builder()
              .id(noted(callNote, "id", call.id()))
              .name(noted(callNote, "name", call.name()))
              .arguments(noted(callNote, "arguments", call.arguments()))
              .build());
    }
    return requests;
  }

  private static @Nullable String noted(Map<?, ?> note, String key, String otherwise) {
    return note.containsKey(key) ? (String) TypedJson.read(note.get(key)) : otherwise;
  }

  private static @Nullable String name(Map<?, ?> note, Message message) {
    return note.containsKey("name") ? (String) TypedJson.read(note.get("name")) : message.name();
  }

  private static List<Content> contents(Message message, Map<?, ?> note) {
    List<Content> contents = new ArrayList<>();
    for (int i = 0; i < message.content().size(); i++) {
      contents.add(MediaMapping.read(message.content().get(i), partNote(note, i)));
    }
    // LangChain4j refuses messages without a content, which others may have stored.
    return contents.isEmpty()
        ? List.of(MediaMapping.read(new ContentPart.Text(""), Map.of()))
        : contents;
  }

  private static Map<?, ?> partNote(Map<?, ?> note, int index) {
    return note.get("parts") instanceof Map<?, ?> notes
            && notes.get(Integer.toString(index)) instanceof Map<?, ?> noted
        ? noted
        : Map.of();
  }

  private static Map<String, Object> attributes(Map<?, ?> note) {
    if (!(TypedJson.read(note.get("attributes")) instanceof Map<?, ?> attributes)) {
      return Map.of();
    }
    Map<String, Object> values = new LinkedHashMap<>();
    attributes.forEach((key, value) -> values.put(String.valueOf(key), value));
    return values;
  }
}
