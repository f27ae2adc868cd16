package io.conversationstore.testkit;

import io.conversationstore.ContentPart;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.TokenUsage;
import io.conversationstore.ToolCall;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;

/**
 * Generates values that are hard to store; the same seed gives the same values. Not thread-safe.
 */
public final class Generators {

  /** Pieces of text that have broken stores, drivers and file formats. */
  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "hello",
          "two\nlines\r\nand\ttabs",
          "quote ' and \" and \\ and ; DROP TABLE messages; --",
          "NUL \u0000 inside",
          "\u0000",
          "lone high \uD83D",
          "\uDE00 lone low",
          "emoji \uD83D\uDE00\uD83D\uDC69\u200D\uD83D\uDCBB",
          "\u05E9\u05DC\u05D5\u05DD \u202Ertl\u202C \u0645\u0631\u062D\u0628\u0627",
          "combining e\u0301 and \u00E9",
          "\u6771\u4EAC\u90FD\u306B\u4F4F\u3080 \u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35",
          "STRASSE Stra\u00DFe \uFF28\uFF25\uFF2C\uFF2C\uFF2F",
          "\u2028line\u2029separators\u0085",
          "\uFEFFbyte order mark and \uFFFF",
          "{\"looks\":\"like json\"}",
          "\\u0000 escaped",
          "null",
          "\u0001\u001F\u007F controls",
          "%s %d $1 ? :name {} ${x}");

  private static final List<String> IDS =
      List.of(
          "default",
          "session-1",
          "O'Brien \"the\" \\ boss",
          "../../etc/passwd",
          "CON",
          "nul.txt",
          "...",
          ".hidden",
          "a/b\\c",
          "trailing dot.",
          "  spaces  ",
          "%00",
          "a|b",
          "a:b*?<>",
          "\uD83D\uDE00",
          "\uFF5Efullwidth",
          "\u202Egnp.exe",
          "\u05E9\u05DC\u05D5\u05DD",
          "e\u0301",
          "\u00E9",
          "UPPER",
          "upper",
          "\n",
          "x".repeat(255));

  /** Search texts: words of {@link #TEXTS}, parts of them, and some that occur nowhere. */
  private static final List<String> QUERIES =
      List.of(
          "hello",
          "HELLO",
          "two",
          "lines and tabs",
          "table; DROP",
          "nul",
          "\u00E9",
          "combining e\u0301",
          "\u05E9\u05DC\u05D5\u05DD",
          "\u4EAC\u90FD",
          "\u6771",
          "\u90FD\u6771",
          "\u0E2A\u0E27\u0E31",
          "stra\u00DFe",
          "name x",
          "json",
          "u0000",
          "elsewhere");

  private static final List<Number> NUMBERS =
      List.of(
          0,
          -1,
          Long.MAX_VALUE,
          Long.MIN_VALUE,
          1.0,
          0.1,
          -0.0,
          1e300,
          Double.MIN_VALUE,
          new BigDecimal("123456789012345678901234567890.123456789"),
          new BigDecimal("1.500"),
          new BigDecimal("1E+5"),
          BigInteger.TWO.pow(200),
          (byte) 7,
          1.5f);

  /** An id of maximum length, in characters of two code units and one of one. */
  private static final String LONGEST = "\uD83D\uDE00".repeat(127) + "z";

  private final RandomGenerator random;

  public Generators(RandomGenerator random) {
    this.random = random;
  }

  /** Generators from a seed. */
  public static Generators seeded(long seed) {
    return new Generators(RandomGeneratorFactory.of("L64X128MixRandom").create(seed));
  }

  /** Ids that a store must accept, all distinct. */
  public static List<String> hostileIds() {
    List<String> ids = new ArrayList<>(IDS);
    ids.removeIf(String::isBlank);
    ids.add(LONGEST);
    return List.copyOf(ids);
  }

  /** Texts that a store must accept as content. */
  public static List<String> hostileTexts() {
    return TEXTS;
  }

  public RandomGenerator random() {
    return random;
  }

  /** One of these. */
  public <T> T oneOf(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  /** True with a probability of 1 in {@code n}. */
  public boolean oneIn(int n) {
    return random.nextInt(n) == 0;
  }

  public Owner owner() {
    return Owner.of(id(), id());
  }

  /** A tenant, user or conversation id. */
  public String id() {
    String id = oneOf(IDS);
    return id.isBlank() ? "blank" : id;
  }

  public UUID uuid() {
    return new UUID(
        (random.nextLong() & ~0xF000L) | 0x4000L,
        (random.nextLong() >>> 2) | 0x8000_0000_0000_0000L);
  }

  public String text() {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(4); i >= 0; i--) {
      text.append(oneOf(TEXTS));
    }
    return text.toString();
  }

  /** A search text with at least one word. */
  public String query() {
    return oneIn(4) ? oneOf(QUERIES) + " " + oneOf(QUERIES) : oneOf(QUERIES);
  }

  /** A name of at least one character. */
  public String name() {
    return oneOf(IDS);
  }

  /** A JSON object, nested a few levels deep. */
  public Map<String, @Nullable Object> json() {
    return object(3);
  }

  private Map<String, @Nullable Object> object(int depth) {
    Map<String, @Nullable Object> object = new LinkedHashMap<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      object.put(oneIn(3) ? oneOf(TEXTS) : "key" + random.nextInt(10), value(depth - 1));
    }
    return object;
  }

  private @Nullable Object value(int depth) {
    int kind = random.nextInt(depth > 0 ? 6 : 4);
    if (kind == 0) {
      return null;
    } else if (kind == 1) {
      return random.nextBoolean();
    } else if (kind == 2) {
      return oneOf(NUMBERS);
    } else if (kind == 3) {
      return oneOf(TEXTS);
    } else if (kind == 4) {
      return object(depth);
    }
    List<@Nullable Object> list = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      list.add(value(depth - 1));
    }
    return list;
  }

  /** A value of JSON objects that is a string, a number or a boolean. */
  Object scalar() {
    return switch (random.nextInt(3)) {
      case 0 -> random.nextBoolean();
      case 1 -> oneOf(NUMBERS);
      default -> oneOf(TEXTS);
    };
  }

  public ContentPart part() {
    return switch (random.nextInt(6)) {
      case 0 -> new ContentPart.Reasoning(text(), oneIn(2) ? null : text());
      case 1 -> ContentPart.Media.at("image/png", text());
      case 2 -> {
        byte[] bytes = new byte[random.nextInt(64)];
        random.nextBytes(bytes);
        yield new ContentPart.Media(
            "application/octet-stream", null, bytes, oneIn(2) ? null : text());
      }
      case 3 -> {
        Map<String, @Nullable Object> json = json();
        json.put("type", oneIn(2) ? "text" : "hologram");
        json.put("of_a_later_version", true);
        yield unknown(json);
      }
      default -> new ContentPart.Text(text());
    };
  }

  /**
   * A part of an unknown shape. NullAway is off here because javac omits the type annotations of a
   * compact constructor's parameters from the class file.
   */
  @SuppressWarnings("NullAway")
  static ContentPart unknown(Map<String, @Nullable Object> json) {
    return new ContentPart.Unknown(json);
  }

  /** None, one or several parts. */
  public List<ContentPart> content() {
    List<ContentPart> parts = new ArrayList<>();
    for (int i = oneIn(5) ? 0 : 1 + random.nextInt(3); i > 0; i--) {
      parts.add(part());
    }
    return parts;
  }

  public ToolCall toolCall() {
    String arguments = oneIn(3) ? "{\"city\": \"Z\u00FCrich\",  \"n\":1.0}" : text();
    return new ToolCall(name(), oneIn(3) ? name() : "function", name(), arguments);
  }

  /** A message of any role with any of the fields, without an id. */
  public Message message() {
    Role role = oneOf(List.of(Role.values()));
    if (oneIn(3)) {
      return Message.of(role, text());
    }
    List<ToolCall> calls = new ArrayList<>();
    for (int i = role == Role.ASSISTANT ? random.nextInt(3) : 0; i > 0; i--) {
      calls.add(toolCall());
    }
    return Message.of(role)
        .withContent(content())
        .withToolCalls(calls)
        .withToolCallId(role == Role.TOOL ? name() : null)
        .withName(oneIn(3) ? name() : null)
        .withToolError(role == Role.TOOL && oneIn(2))
        .withModel(oneIn(3) ? name() : null)
        .withUsage(oneIn(2) ? usage() : null)
        .withMetadata(json());
  }

  /** Usage with an independent total. */
  public TokenUsage usage() {
    return new TokenUsage(
        random.nextInt(100_000), random.nextInt(100_000), random.nextInt(300_000));
  }

  /** A conversation to create under this id. */
  public NewConversation conversation(@Nullable String id) {
    return NewConversation.titled(title())
        .withId(id)
        .withSettings(json())
        .withMetadata(json())
        .withTags(tags().toArray(String[]::new))
        .withPinned(oneIn(4))
        .withExpiresAt(expiry());
  }

  /** An update of some fields or none. */
  public ConversationUpdate update() {
    ConversationUpdate update = ConversationUpdate.touch();
    update = oneIn(3) ? update.withTitle(title()) : update;
    update = oneIn(3) ? update.withStatus(oneOf(List.of(ConversationStatus.values()))) : update;
    update = oneIn(3) ? update.withSettings(json()) : update;
    update = oneIn(3) ? update.withMetadata(json()) : update;
    update = oneIn(3) ? update.withTags(tags()) : update;
    update = oneIn(3) ? update.withPinned(random.nextBoolean()) : update;
    Instant expiry = expiry();
    update = oneIn(3) && expiry != null ? update.withExpiresAt(expiry) : update;
    return oneIn(8) ? update.withoutExpiry() : update;
  }

  private String title() {
    return oneIn(8) ? "t".repeat(NewConversation.MAX_TITLE_LENGTH) : oneOf(IDS);
  }

  private List<String> tags() {
    List<String> tags = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      tags.add(oneIn(2) ? "tag" : oneOf(IDS));
    }
    return tags;
  }

  private @Nullable Instant expiry() {
    return oneIn(2)
        ? null
        : Instant.parse("2100-01-01T00:00:00.123456Z").plusSeconds(random.nextInt(1_000));
  }
}
