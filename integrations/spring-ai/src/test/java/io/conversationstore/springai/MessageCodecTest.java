package io.conversationstore.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.conversationstore.ContentPart;
import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.JsonFileStore;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Path;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.Period;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.Media;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;

/** Messages of Spring AI come back from a store as they were. */
class MessageCodecTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  /** An object without a type of its own in the store. */
  record Citation(String source, int page) {}

  @TempDir Path directory;
  private ConversationStore store;

  @BeforeEach
  void open() {
    store = JsonFileStore.open(directory);
  }

  @AfterEach
  void close() {
    store.close();
  }

  /** What a store gives back, read from its files by another instance. */
  private List<Message> stored(Message... messages) {
    String id = UUID.randomUUID().toString();
    for (Message message : messages) {
      store.append(
          ALICE,
          NewConversation.ofId(id),
          MessageCodec.encode(message).toArray(new io.conversationstore.Message[0]));
    }
    store.close();
    store = JsonFileStore.open(directory);
    return SpringAiMessages.fromStore(store.last(ALICE, id, 1_000));
  }

  private static List<StoredMessage> placed(io.conversationstore.Message... messages) {
    List<StoredMessage> placed = new ArrayList<>();
    for (io.conversationstore.Message message : messages) {
      placed.add(
          new StoredMessage(
              "c", UUID.randomUUID(), placed.size() + 1, Instant.EPOCH, null, message));
    }
    return placed;
  }

  @Test
  void textsOfAllRolesComeBack() {
    Message[] all = {
      new SystemMessage("Be brief"),
      new UserMessage("One chai latte, please"),
      new AssistantMessage("Here you are"),
      new AssistantMessage(""),
      new UserMessage("")
    };
    assertThat(stored(all)).containsExactly(all);
  }

  @Test
  void toolCallsComeBackWithAndWithoutText() {
    AssistantMessage.ToolCall first =
        new AssistantMessage.ToolCall("call_1", "function", "search", "{\"q\": \"tea\"}");
    AssistantMessage.ToolCall second =
        new AssistantMessage.ToolCall("", "custom", "buy", "not {json");
    Message[] all = {
      AssistantMessage.builder().content(null).toolCalls(List.of(first, second)).build(),
      AssistantMessage.builder().content("I look it up").toolCalls(List.of(first)).build()
    };
    assertThat(stored(all)).containsExactly(all);
  }

  @Test
  void severalToolResultsComeBackInOneMessage() {
    ToolResponseMessage two =
        ToolResponseMessage.builder()
            .responses(
                List.of(
                    new ToolResponse("call_1", "search", "[1, 2]"),
                    new ToolResponse("call_2", "", "")))
            .metadata(Map.of("at", Instant.EPOCH))
            .build();
    ToolResponseMessage one =
        ToolResponseMessage.builder()
            .responses(List.of(new ToolResponse("call_3", "search", "nothing")))
            .build();
    ToolResponseMessage none = ToolResponseMessage.builder().build();
    assertThat(stored(two, two, one, none)).containsExactly(two, two, one, none);
  }

  @Test
  void otherReadersSeeEachResultInTheFieldsOfTheStore() {
    List<io.conversationstore.Message> encoded =
        MessageCodec.encode(
            ToolResponseMessage.builder()
                .responses(
                    List.of(
                        new ToolResponse("call_1", "search", "tea"),
                        new ToolResponse("call_2", "buy", "done")))
                .build());
    assertThat(encoded).extracting(io.conversationstore.Message::role).containsOnly(Role.TOOL);
    assertThat(encoded)
        .extracting(
            io.conversationstore.Message::toolCallId,
            io.conversationstore.Message::name,
            io.conversationstore.Message::text)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("call_1", "search", "tea"),
            org.assertj.core.groups.Tuple.tuple("call_2", "buy", "done"));
  }

  @Test
  void mediaComesBackInItsForm() throws Exception {
    Media bytes =
        Media.builder()
            .mimeType(MimeTypeUtils.IMAGE_PNG)
            .data(new byte[] {0, -1, 7})
            .id("m1")
            .build();
    Media uri = new Media(MimeType.valueOf("video/mp4"), URI.create("s3://films/1?x=y"));
    Media url =
        Media.builder()
            .mimeType(MimeTypeUtils.IMAGE_JPEG)
            .data(URI.create("https://example.org/a.jpg").toURL())
            .name("a photo")
            .build();
    Media base64 = Media.builder().mimeType(Media.Format.DOC_PDF).data("AP8H").build();
    Media text = Media.builder().mimeType(Media.Format.DOC_TXT).data("no base64!").build();
    UserMessage asked =
        UserMessage.builder().text("What is this?").media(bytes, uri, url, base64, text).build();
    AssistantMessage answered =
        AssistantMessage.builder().content(null).media(List.of(bytes)).build();

    List<Message> back = stored(asked, answered);

    List<Media> media = ((UserMessage) back.get(0)).getMedia();
    assertThat(fields(media)).isEqualTo(fields(List.of(bytes, uri, url, base64, text)));
    assertThat(((AssistantMessage) back.get(1)).getText()).isNull();
    assertThat(fields(((AssistantMessage) back.get(1)).getMedia()))
        .isEqualTo(fields(List.of(bytes)));
  }

  /** Media of Spring AI has no equality. */
  private static List<List<Object>> fields(List<Media> media) {
    return media.stream()
        .map(
            item ->
                Arrays.<Object>asList(
                    item.getMimeType(),
                    item.getId(),
                    item.getName(),
                    item.getData().getClass(),
                    item.getData() instanceof byte[] data
                        ? Base64.getEncoder().encodeToString(data)
                        : item.getData().toString()))
        .toList();
  }

  @Test
  @SuppressWarnings("JavaUtilDate") // metadata of models and applications holds it
  void typesOfMetadataComeBack() {
    Map<String, Object> metadata = new HashMap<>();
    metadata.put("text", "STOP");
    metadata.put("yes", true);
    metadata.put("int", 7);
    metadata.put("long", 7L);
    metadata.put("large", 7_000_000_000L);
    metadata.put("short", (short) 7);
    metadata.put("byte", (byte) 7);
    metadata.put("double", 0.25);
    metadata.put("whole", 3.0);
    metadata.put("negative zero", -0.0);
    metadata.put("nan", Double.NaN);
    metadata.put("huge", 1e300);
    metadata.put("float", 0.1f);
    metadata.put("decimal", new BigDecimal("1.50"));
    metadata.put("integer", BigInteger.TWO.pow(100));
    metadata.put("char", 'x');
    metadata.put("enum", DayOfWeek.MONDAY);
    metadata.put("instant", Instant.parse("2026-11-30T12:00:00.123456789Z"));
    metadata.put("date", LocalDate.of(2026, 11, 30));
    metadata.put("time", LocalTime.NOON);
    metadata.put("date-time", LocalDateTime.of(2026, 11, 30, 12, 0));
    metadata.put("offset", OffsetDateTime.parse("2026-11-30T12:00:00+01:00"));
    metadata.put("zoned", ZonedDateTime.parse("2026-11-30T12:00:00+01:00[Europe/Berlin]"));
    metadata.put("duration", Duration.ofMillis(5));
    metadata.put("period", Period.ofDays(5));
    metadata.put("old date", new Date(1_000));
    metadata.put("uuid", UUID.randomUUID());
    metadata.put("uri", URI.create("urn:isbn:1"));
    metadata.put("locale", Locale.GERMANY);
    metadata.put("mime", MimeTypeUtils.IMAGE_PNG);
    metadata.put("set", Set.of(1L, 2L));
    metadata.put("list", List.of(1, 2L, List.of("a", Instant.EPOCH)));
    metadata.put("a/b~c", Map.of("~1", 1L, "x", Map.of("when", Instant.EPOCH)));
    metadata.put("null", null);
    metadata.put("spring-ai", "mine");
    metadata.put("spring-ai'", 1L);
    UserMessage message = UserMessage.builder().text("").metadata(metadata).build();

    assertThat(stored(message)).containsExactly(message);
  }

  @Test
  void byteArraysInMetadataComeBack() {
    byte[] bytes = {0, -1, 7};
    Message back =
        stored(new UserMessage("").mutate().metadata(Map.of("thumb", bytes)).build()).get(0);
    assertThat(back.getMetadata().get("thumb")).isEqualTo(bytes);
  }

  @Test
  void otherObjectsComeBackAsMaps() {
    Message back =
        stored(
                AssistantMessage.builder()
                    .content("")
                    .properties(Map.of("citations", List.of(new Citation("handbook", 3))))
                    .build())
            .get(0);
    assertThat(back.getMetadata().get("citations"))
        .isEqualTo(List.of(Map.of("source", "handbook", "page", 3)));
  }

  @Test
  void anObjectWithoutJsonIsRefusedByItsKeyAndClass() {
    UserMessage message =
        UserMessage.builder()
            .text("my secret")
            .metadata(Map.of("a", Map.of("lock", new Object())))
            .build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MessageCodec.encode(message))
        .withMessageContaining("/a/lock")
        .withMessageContaining("java.lang.Object")
        .withMessageNotContaining("secret");
  }

  @Test
  void anEnumThatWasRenamedComesBackAsText() {
    io.conversationstore.Message stored =
        io.conversationstore.Message.user("")
            .withMetadata(
                Map.of(
                    "day",
                    "MONDAY",
                    "spring-ai",
                    Map.of("types", Map.of("/day", "enum:org.example.Gone"))));
    assertThat(SpringAiMessages.fromStore(placed(stored)).get(0).getMetadata())
        .containsEntry("day", "MONDAY");
  }

  @Test
  void messagesOfOtherWritersAreRead() {
    List<Message> read =
        SpringAiMessages.fromStore(
            placed(
                io.conversationstore.Message.of(
                    Role.USER,
                    new ContentPart.Text("Look: "),
                    ContentPart.Media.at("no mime type", "https://example.org/x"),
                    new ContentPart.Text("that")),
                io.conversationstore.Message.of(
                    Role.ASSISTANT, new ContentPart.Reasoning("hm", "s")),
                io.conversationstore.Message.toolResult("1", "search", "a"),
                io.conversationstore.Message.toolResult("2", "search", "b")));
    assertThat(read.get(0).getText()).isEqualTo("Look: that");
    assertThat(((UserMessage) read.get(0)).getMedia()).hasSize(1);
    assertThat(read.get(1).getText()).isNull();
    assertThat(read).hasSize(4);
    assertThat(MessageCodec.comparable(read.get(0)))
        .isEqualTo(
            MessageCodec.comparable(
                SpringAiMessages.fromStore(placed(MessageCodec.encode(read.get(0)).get(0)))
                    .get(0)));
  }

  /** Alignment by content relies on it. */
  @Test
  void encodingWhatWasDecodedGivesTheSame() {
    long seed = Long.getLong("store.seed", new Random().nextLong());
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      Message message = RandomMessages.any(random);
      io.conversationstore.Message[] encoded =
          MessageCodec.encode(message).toArray(new io.conversationstore.Message[0]);
      List<Message> decoded = SpringAiMessages.fromStore(placed(encoded));
      assertThat(decoded).as("seed %s, message %s", seed, i).hasSize(1);
      assertThat(MessageCodec.encode(decoded.get(0)))
          .as("seed %s, message %s", seed, i)
          .containsExactly(encoded);
    }
  }

  @Test
  void textThatNoDatabaseHoldsIsTheSameAfterEachRead() {
    Message back = stored(new UserMessage("a\u0000b")).get(0);
    assertThat(back.getText()).isEqualTo("a\uFFFDb");
    assertThat(MessageCodec.comparable(back))
        .isEqualTo(MessageCodec.comparable(new UserMessage("a\u0000b")));
  }

  @Test
  void nullsInMetadataAreKept() {
    Message message =
        UserMessage.builder().text("").metadata(Collections.singletonMap("gone", null)).build();
    assertThat(stored(message).get(0).getMetadata()).containsEntry("gone", null);
  }
}
