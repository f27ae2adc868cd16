package io.conversationstore.langchain4j;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.audio.Audio;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.AudioContent;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ChatMessageType;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ContentType;
import dev.langchain4j.data.message.CustomMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.PdfFileContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.message.VideoContent;
import dev.langchain4j.data.pdf.PdfFile;
import dev.langchain4j.data.video.Video;
import io.conversationstore.ContentPart;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolCall;
import io.conversationstore.jsonfile.JsonFileStore;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Path;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every message comes back from a store as it was given. */
class MessagesTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final String BASE64 = "aGVsbG8gd29ybGQ=";

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

  private ChatMessage stored(ChatMessage message) {
    String id = UUID.randomUUID().toString();
    store.append(ALICE, NewConversation.ofId(id), MessageMapping.write(message));
    return MessageMapping.read(store.last(ALICE, id, 1).get(0).message());
  }

  record Point(int x, List<String> names) {}

  static Stream<ChatMessage> messages() {
    Map<String, Object> attributes = new HashMap<>();
    attributes.put("text", "plain");
    attributes.put("empty", "");
    attributes.put("dirty", "a\u0000b\ud800c");
    attributes.put("true", true);
    attributes.put("null", null);
    attributes.put("int", 1);
    attributes.put("long", 1L);
    attributes.put("large", Long.MAX_VALUE);
    attributes.put("double", 1.0);
    attributes.put("fraction", 0.1);
    attributes.put("tiny", Double.MIN_VALUE);
    attributes.put("not a number", Double.NaN);
    attributes.put("minus zero", -0.0);
    attributes.put("float", 0.1f);
    attributes.put("short", (short) 3);
    attributes.put("byte", (byte) -3);
    attributes.put("char", '\ud800');
    attributes.put("decimal", new BigDecimal("1.500"));
    attributes.put("integer", BigInteger.TEN.pow(40));
    attributes.put("uuid", new UUID(1, 2));
    attributes.put("uri", URI.create("urn:x"));
    attributes.put("time", Instant.parse("2026-01-02T03:04:05.123456789Z"));
    attributes.put("duration", Duration.ofMillis(3));
    attributes.put("enum", DayOfWeek.FRIDAY);
    attributes.put("set", Set.of(1, 2L, "three"));
    attributes.put("list", Arrays.asList(1, null, List.of(2.0)));
    attributes.put("map", Map.of("$Instant", "no", "", Map.of("$x", 1), "b", List.of()));
    attributes.put("$Long", Map.of(DayOfWeek.MONDAY, 1, 2, 3));
    attributes.put("x".repeat(300), "long key");
    Image image = Image.builder().base64Data(BASE64).mimeType("image/png").build();
    Image prompted = Image.builder().url("http://x/y").revisedPrompt("a cat\u0000").build();
    Audio binary = Audio.builder().binaryData(new byte[] {0, 1, -1}).mimeType("audio/wav").build();
    List<Content> contents = new ArrayList<>();
    contents.add(TextContent.from(""));
    contents.add(TextContent.from("two"));
    contents.add(ImageContent.from(image));
    contents.add(ImageContent.from(image, ImageContent.DetailLevel.ULTRA_HIGH));
    contents.add(ImageContent.from(image, ImageContent.DetailLevel.LOW));
    contents.add(ImageContent.from(prompted));
    contents.add(ImageContent.from("https://example.com/a%20b?c=d#e"));
    contents.add(ImageContent.from(Image.builder().build()));
    contents.add(ImageContent.from(Image.builder().url("urn:a").base64Data("").build()));
    contents.add(ImageContent.from(Image.builder().base64Data("").build()));
    contents.add(ImageContent.from(Image.builder().base64Data("a-_b").build()));
    contents.add(ImageContent.from(Image.builder().base64Data("aGVsbG8gd29ybGR=").build()));
    contents.add(ImageContent.from(Image.builder().base64Data("aGVs\nbG8=").build()));
    contents.add(ImageContent.from(Image.builder().base64Data("abc").build()));
    contents.add(ImageContent.from(Image.builder().base64Data("a=b=").build()));
    contents.add(
        ImageContent.from(Image.builder().base64Data(BASE64).mimeType("text/plain").build()));
    contents.add(ImageContent.from(Image.builder().base64Data(BASE64).mimeType("").build()));
    contents.add(ImageContent.from(Image.builder().url("urn:a").mimeType("x".repeat(300)).build()));
    contents.add(AudioContent.from("https://example.com/a.mp3"));
    contents.add(AudioContent.from(BASE64, "audio/mp3"));
    contents.add(AudioContent.from(binary));
    contents.add(
        AudioContent.from(Audio.builder().binaryData(new byte[] {4}).base64Data("BA==").build()));
    contents.add(VideoContent.from("https://example.com/a.mp4"));
    contents.add(VideoContent.from(BASE64, "VIDEO/MP4"));
    contents.add(VideoContent.from(Video.builder().base64Data(BASE64).url("urn:v").build()));
    contents.add(PdfFileContent.from("https://example.com/a.pdf"));
    contents.add(PdfFileContent.from(BASE64, "application/pdf"));
    contents.add(
        PdfFileContent.from(PdfFile.builder().base64Data(BASE64).mimeType("image/png").build()));
    ToolExecutionRequest call =
        ToolExecutionRequest.builder().id("1").name("search").arguments("{\"q\": 1}").build();
    List<ToolExecutionRequest> calls =
        List.of(
            call,
            call,
            ToolExecutionRequest.builder().name("search").arguments("not JSON {").build(),
            ToolExecutionRequest.builder().id("").name("").arguments("").build(),
            ToolExecutionRequest.builder().build(),
            ToolExecutionRequest.builder().id("x".repeat(1000)).name("n".repeat(1000)).build());
    return Stream.of(
        SystemMessage.from("be brief"),
        SystemMessage.builder().text(" with attributes ").attributes(attributes).build(),
        UserMessage.from("hello"),
        UserMessage.from(""),
        UserMessage.from("\u00e9 \ud83d\ude00 \u200b \r\n\t"),
        UserMessage.from("bob", "hello"),
        UserMessage.from("", "without a name"),
        UserMessage.from("b".repeat(500), "hello"),
        UserMessage.builder().name("dirty\u0000").contents(contents).attributes(attributes).build(),
        AiMessage.from("hello"),
        AiMessage.from(""),
        AiMessage.builder().build(),
        AiMessage.builder().thinking("why").build(),
        AiMessage.builder().thinking("").text("").attributes(Map.of("a", 1L)).build(),
        AiMessage.from(calls),
        AiMessage.from("and text", calls),
        AiMessage.builder()
            .text("all")
            .thinking("thought")
            .toolExecutionRequests(calls)
            .attributes(attributes)
            .build(),
        AiMessage.builder()
            .attributes(
                Map.of(
                    AiMessage.GENERATED_IMAGES_KEY,
                    List.of(image, prompted, image),
                    AiMessage.GENERATED_AUDIO_KEY,
                    List.of(binary),
                    "other",
                    List.of()))
            .build(),
        AiMessage.builder()
            .text("none generated")
            .attributes(Map.of(AiMessage.GENERATED_IMAGES_KEY, List.of()))
            .build(),
        ToolExecutionResultMessage.from("1", "search", "found"),
        ToolExecutionResultMessage.from(null, null, ""),
        ToolExecutionResultMessage.from("", "", "x"),
        ToolExecutionResultMessage.from("i".repeat(1000), "n".repeat(1000), "x"),
        ToolExecutionResultMessage.builder().id("1").text("x").isError(true).build(),
        ToolExecutionResultMessage.builder().id("1").text("x").isError(false).build(),
        ToolExecutionResultMessage.builder()
            .id("1")
            .toolName("paint")
            .contents(contents)
            .attributes(attributes)
            .build(),
        CustomMessage.from(attributes),
        CustomMessage.from(Map.of()));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void aMessageComesBackAsItWasGiven(ChatMessage message) {
    ChatMessage stored = stored(message);
    assertThat(stored).isEqualTo(message).hasSameClassAs(message);
    assertThat(stored(stored)).isEqualTo(message);
    if (message instanceof UserMessage user) {
      assertThat(((UserMessage) stored).contents())
          .filteredOn(ImageContent.class::isInstance)
          .extracting(content -> ((ImageContent) content).detailLevelSpecified())
          .isEqualTo(
              user.contents().stream()
                  .filter(ImageContent.class::isInstance)
                  .map(content -> ((ImageContent) content).detailLevelSpecified())
                  .toList());
    }
  }

  @Test
  void everyKindOfMessageAndContentIsTested() {
    List<ChatMessage> all = messages().toList();
    assertThat(all).extracting(ChatMessage::type).containsAll(List.of(ChatMessageType.values()));
    assertThat(all)
        .filteredOn(UserMessage.class::isInstance)
        .flatExtracting(message -> ((UserMessage) message).contents())
        .extracting(Content::type)
        .containsAll(List.of(ContentType.values()));
  }

  @Test
  void otherProgramsReadTextMediaReasoningAndTools() {
    Message answer =
        MessageMapping.write(
            AiMessage.builder()
                .text("It rains")
                .thinking("clouds")
                .toolExecutionRequests(
                    List.of(
                        ToolExecutionRequest.builder().id("c").name("n").arguments("{}").build()))
                .build());
    assertThat(answer)
        .isEqualTo(
            Message.of(
                    Role.ASSISTANT,
                    new ContentPart.Reasoning("clouds", null),
                    new ContentPart.Text("It rains"))
                .withToolCalls(ToolCall.function("c", "n", "{}")));
    assertThat(MessageMapping.write(UserMessage.from(ImageContent.from(BASE64, "image/png"))))
        .isEqualTo(
            Message.of(
                Role.USER, ContentPart.Media.of("image/png", "hello world".getBytes(UTF_8))));
    assertThat(
            MessageMapping.write(
                ToolExecutionResultMessage.builder().id("c").toolName("n").text("x").build()))
        .isEqualTo(Message.toolResult("c", "n", "x"));
    assertThat(
            MessageMapping.write(
                    ToolExecutionResultMessage.builder().id("c").text("x").isError(true).build())
                .toolError())
        .isTrue();
  }

  @Test
  void messagesOfOtherProgramsAreRead() {
    assertThat(MessageMapping.read(Message.of(Role.SYSTEM)))
        .isEqualTo(SystemMessage.from("(empty)"));
    assertThat(MessageMapping.read(Message.of(Role.USER))).isEqualTo(UserMessage.from(""));
    assertThat(
            MessageMapping.read(
                Message.of(
                    Role.USER,
                    ContentPart.Media.at("audio/mp3", "urn:a"),
                    ContentPart.Media.at("text/csv", "not a url"),
                    ContentPart.Media.at("image/png", "not a url"),
                    new ContentPart.Media("text/csv", null, new byte[0], "a.csv"),
                    new ContentPart.Unknown(Map.of("type", "output_text", "text", "x")),
                    new ContentPart.Unknown(Map.of("type", "refusal")))))
        .isEqualTo(
            UserMessage.from(
                AudioContent.from(
                    Audio.builder().url(URI.create("urn:a")).mimeType("audio/mp3").build()),
                TextContent.from("[text/csv not a url]"),
                TextContent.from("[image/png not a url]"),
                TextContent.from("[text/csv a.csv]"),
                TextContent.from("x"),
                TextContent.from("[refusal]")));
    assertThat(
            MessageMapping.read(
                Message.of(
                    Role.ASSISTANT,
                    new ContentPart.Text("a"),
                    ContentPart.Media.at("image/png", "urn:i"),
                    new ContentPart.Text("b"))))
        .isEqualTo(
            AiMessage.builder()
                .text("ab")
                .attributes(
                    Map.of(
                        AiMessage.GENERATED_IMAGES_KEY,
                        List.of(Image.builder().url("urn:i").mimeType("image/png").build())))
                .build());
  }

  @Test
  void anObjectOfTheApplicationComesBackAsAMapOfItsFields() {
    ChatMessage stored =
        stored(AiMessage.builder().attributes(Map.of("point", new Point(1, List.of("a")))).build());
    assertThat(((AiMessage) stored).attributes())
        .isEqualTo(Map.of("point", Map.of("x", 1, "names", List.of("a"))));
  }

  @Test
  void whatCannotBeStoredIsAnErrorThatNamesTheClass() {
    assertThatThrownBy(
            () ->
                MessageMapping.write(
                    AiMessage.builder().attributes(Map.of("thread", new Object())).build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("java.lang.Object");
    ChatMessage own = () -> ChatMessageType.USER;
    assertThatThrownBy(() -> MessageMapping.write(own))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(own.getClass().getName());
    Content content = () -> ContentType.TEXT;
    assertThatThrownBy(() -> MessageMapping.write(UserMessage.from(content)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(content.getClass().getName());
  }

  @Test
  void textComesBackInTheFormThatEveryStoreKeeps() {
    assertThat(stored(UserMessage.from("a\u0000\ud800")))
        .isEqualTo(UserMessage.from("a\ufffd\ufffd"));
  }

  @Test
  void aLargeGeneratedImageIsNotMetadata() {
    String data = "A".repeat(4 << 20);
    AiMessage answer =
        AiMessage.builder()
            .attributes(
                Map.of(
                    AiMessage.GENERATED_IMAGES_KEY,
                    List.of(Image.builder().base64Data(data).mimeType("image/png").build())))
            .build();
    assertThat(stored(answer)).isEqualTo(answer);
  }

  @Test
  void aPlacementIsKeptBesideTheRest() {
    Message plain = MessageMapping.write(UserMessage.from("", "name to note"));
    UUID id = UUID.randomUUID();
    Placement placement = new Placement(id, true, null, Set.of(id), id);
    Message placed = placement.writeTo(plain);
    StoredMessage stored =
        store.append(ALICE, NewConversation.ofId("placed"), placed).messages().get(0);
    assertThat(Placement.of(stored.message())).isEqualTo(placement);
    assertThat(Placement.plain(stored.message())).isEqualTo(plain);
    assertThat(Placement.NONE.writeTo(plain)).isEqualTo(plain);
    Map<String, Object> foreign = new LinkedHashMap<>();
    foreign.put("system", 1);
    foreign.put("hides", List.of("x", 2, "x".repeat(36)));
    assertThat(Placement.of(MessageMapping.withNote(plain, foreign))).isEqualTo(Placement.NONE);
  }
}
