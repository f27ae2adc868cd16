package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ContentPart;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Cursor;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.Role;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.ToolCall;
import io.conversationstore.ToolQuery;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.transfer.ConversationsFile;
import io.conversationstore.transfer.TransferException;
import io.conversationstore.transfer.TransferOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;

/**
 * Passes hostile external input to every public entry point: text, numbers, times, JSON. Input
 * accepted by one store is accepted by all and reads back equal; input refused by one is refused by
 * all with an error of a known type; and no call takes long. The same seed gives the same steps.
 */
final class InputFuzz {

  /** Far longer than any step takes on a loaded machine. */
  private static final Duration SLOW = Duration.ofSeconds(30);

  private static final String SECRET = "SECRET-MARKER";

  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "a",
          "hello world",
          "\u0000",
          "a\u0000b",
          "\uD83D",
          "\uDE00x",
          "\uD83D\uDE00",
          "\u6771\u4EAC",
          "\u0130\u0131",
          "\uFFFE\uFFFF",
          "%00",
          "%zz",
          "a/b@c:d?e&f=g#h",
          "'; DROP TABLE x; --",
          "{\"a\":1}",
          "\\u0000",
          "|",
          "-",
          "null",
          "x".repeat(255),
          "x".repeat(256),
          "y".repeat(501),
          "word ".repeat(300));

  private static final List<String> NUMBERS =
      List.of(
          "0",
          "-0",
          "1",
          "-1",
          "0.1",
          "1e5",
          "1e-5",
          "1e400",
          "1e100000000",
          "-1e100000000",
          "1e-100000000",
          "1e2147483647",
          "1e-2147483648",
          "1e99999999999",
          "9223372036854775807",
          "9223372036854775808",
          "-9223372036854775808",
          "1714979289",
          "1714979289123.5",
          "1".repeat(1_100),
          "1".repeat(1_200));

  private static final List<String> NAMES =
      List.of(
          "role",
          "content",
          "text",
          "parts",
          "type",
          "id",
          "tool_calls",
          "tool_call_id",
          "function",
          "name",
          "arguments",
          "model",
          "usage",
          "prompt_tokens",
          "total_tokens",
          "metadata",
          "created_at",
          "ts",
          "timestamp",
          "messages",
          "history",
          "title",
          "settings",
          "tags",
          "pinned",
          "status",
          "expires_at",
          "updated_at",
          "mapping",
          "message",
          "author",
          "sessions",
          "is_error",
          "url",
          "data",
          "mime_type",
          "");

  private static final List<String> WORDS =
      List.of(
          "user",
          "assistant",
          "system",
          "tool",
          "human",
          "model",
          "text",
          "media",
          "output_text",
          "reasoning",
          "function",
          "active",
          "image/png",
          "AAAA",
          "2024-05-06T07:08:09Z",
          "2024-05-06",
          "01890000-0000-7000-8000-000000000001");

  private static final List<Long> AGES =
      List.of(0L, 1L, -1L, 86_400L * 365_000, 86_400L * 365_001, Long.MAX_VALUE, Long.MIN_VALUE);

  private final Map<String, ConversationStore> stores;
  private final Path directory;
  private final Random random;
  private final Owner owner;
  private final long seed;
  private String step = "";

  InputFuzz(Map<String, ConversationStore> stores, Path directory, long seed) {
    this.stores = stores;
    this.directory = directory;
    this.random = new Random(seed);
    this.seed = seed;
    this.owner = Owner.of("fuzz", "u" + seed);
  }

  /** Runs this many steps, then compares all data of the stores. */
  void run(int steps) {
    for (int i = 0; i < steps; i++) {
      int kind = random.nextInt(12);
      step = "seed " + seed + ", step " + i + ", kind " + kind;
      long start = System.nanoTime();
      switch (kind) {
        case 0 -> settings();
        case 1 -> jdbcUrl();
        case 2, 3 -> file();
        case 4, 5 -> append();
        case 6 -> conversation();
        case 7 -> update();
        case 8 -> edit();
        case 9 -> query();
        case 10 -> cursor();
        default -> operate();
      }
      assertThat(Duration.ofNanos(System.nanoTime() - start)).as(step).isLessThan(SLOW);
    }
    step = "seed " + seed + ", at the end";
    equal(store -> contents(store));
  }

  // Entry points

  private void settings() {
    Map<String, String> environment = new HashMap<>();
    for (String variable :
        List.of(
            "STORAGE_TYPE",
            "STORAGE_CONNECTION_URL",
            "DATABASE_URL",
            "DB_HOST",
            "DB_PORT",
            "DB_NAME",
            "POSTGRES_HOST",
            "POSTGRES_PORT",
            "POSTGRES_DB",
            "DATA_PATH",
            "IMPORT_TENANT",
            "IMPORT_USER",
            "LOCAL_COPY_DAYS",
            "LOCAL_COPY_MB")) {
      if (random.nextInt(4) == 0) {
        environment.put(variable, settingsValue(variable));
      }
    }
    try {
      Settings settings = Settings.of(environment);
      String shown = settings.database() + " " + settings.notes() + " " + settings.remark();
      assertThat(shown).as(step).doesNotContain(SECRET);
    } catch (StoreConfigurationException refused) {
      assertThat(refused.getMessage()).as(step).doesNotContain(SECRET);
    } catch (RuntimeException raw) {
      throw new AssertionError(step + ": " + environment, raw);
    }
  }

  private String settingsValue(String variable) {
    return switch (random.nextInt(5)) {
      case 0 -> text();
      case 1 -> number();
      case 2 -> one(List.of("tcp://10.0.0.1:5432", "jsonfile", "postgres", "h", "5432", "d"));
      default -> variable.endsWith("URL") ? url("postgresql") : one(TEXTS);
    };
  }

  /** A URL with a secret in place of the password, encoded or not. */
  private String url(String scheme) {
    String odd = one(List.of("", "/", "@", "?", "#", ":", "%", "%2F", "&x=", " "));
    return one(List.of(scheme, "jdbc:" + scheme, scheme + "+psycopg2", "mysql"))
        + "://"
        + one(List.of("u", "localhost", "", "1"))
        + ":"
        + one(List.of("", "1", "1/"))
        + SECRET
        + odd
        + "@"
        + one(List.of("h", "127.0.0.1:5432", "[::1]:6", "a,b:7", "", "h:x"))
        + one(List.of("/d", "/", "", "/a%2Fb", "/d/e"))
        + one(
            List.of("", "?sslmode=require", "?sslmode=" + number(), "?supa=x", "?x=y", "?" + odd));
  }

  private void jdbcUrl() {
    String url = "jdbc:" + url("postgresql").replace("jdbc:", "");
    try {
      PostgresOptions options = PostgresOptions.url(url);
      assertThat(options.toString()).as(step).doesNotContain(SECRET + "@");
    } catch (StoreConfigurationException refused) {
      assertThat(refused.getMessage()).as(step).doesNotContain(SECRET);
    }
  }

  private void file() {
    StringBuilder json = new StringBuilder();
    value(json, 0);
    String text = json.toString();
    if (random.nextInt(3) > 0) {
      text = "{\"f" + random.nextInt(3) + "\":{\"messages\":[" + message() + "," + text + "]}}";
    }
    if (random.nextInt(6) == 0 && text.length() > 1) {
      text = text.substring(0, random.nextInt(text.length()));
    }
    Path file = directory.resolve("fuzz.json");
    try {
      Files.writeString(file, text.replaceAll("[\\uD800-\\uDFFF]", "?"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Object checked =
        outcome(store -> ConversationsFile.check(file, TransferOptions.defaults()), one());
    List<Object> read = equal(store -> ConversationsFile.read(store, owner, file));
    if (checked instanceof TransferException) {
      assertThat(read.get(0)).as(step).isInstanceOf(TransferException.class);
    }
    equal(store -> contents(store));
  }

  private ConversationStore one() {
    return stores.values().iterator().next();
  }

  private void append() {
    Object made =
        random.nextBoolean()
            ? outcome(store -> ModelJson.readMessage(Json.parse(message())), one())
            : outcome(store -> built(), one());
    if (made instanceof Message message) {
      Message sent = message.withId(new UUID(random.nextLong(), random.nextLong()));
      String id = "c" + random.nextInt(2);
      equal(store -> store.createIfAbsent(owner, NewConversation.ofId(id)).id());
      List<Object> stored =
          equal(
              store -> {
                StoredMessage appended = store.append(owner, id, sent).get(0);
                assertThat(store.last(owner, id, 1).get(0).message()).isEqualTo(appended.message());
                return appended.message();
              });
      if (stored.get(0) instanceof Message back) {
        assertThat(back.withId(sent.id())).as(step).isEqualTo(sent);
      }
    }
  }

  private Message built() {
    Message message =
        Message.of(
            one(List.of(Role.values())),
            new ContentPart.Text(text()),
            new ContentPart.Unknown(map(2)));
    return switch (random.nextInt(5)) {
      case 0 -> message.withName(text());
      case 1 -> message.withModel(text()).withUsage(new TokenUsage(tokens(), tokens(), tokens()));
      case 2 -> message.withToolCalls(new ToolCall(text(), text(), text(), text()));
      case 3 -> message.withMetadata(map(3));
      default -> Message.toolResult(text(), "t" + text(), text());
    };
  }

  private long tokens() {
    return one(List.of(0L, 1L, -1L, TokenUsage.MAX_PER_MESSAGE, Long.MAX_VALUE));
  }

  private void conversation() {
    String id = text();
    equal(
        store -> {
          NewConversation header =
              NewConversation.ofId(id)
                  .withTitle(one(TEXTS.subList(0, 4)))
                  .withMetadata(Map.of("k", id));
          return store.createIfAbsent(owner, header).id();
        });
    equal(store -> store.find(owner, id).map(Conversation::id));
    equal(store -> store.delete(owner, id));
    String model = text();
    equal(
        store ->
            store
                .updatePreferences(owner, PreferencesUpdate.none().withSelectedModel(model))
                .selectedModel());
  }

  private void update() {
    String title = text();
    String tag = text();
    Map<String, Object> json = map(3);
    Instant expires = time();
    equal(store -> store.createIfAbsent(owner, NewConversation.ofId("c0")).id());
    equal(
        store ->
            header(
                store.update(
                    owner,
                    "c0",
                    ConversationUpdate.touch()
                        .withTitle(title)
                        .withTags(List.of(tag))
                        .withMetadata(json)
                        .withExpiresAt(expires))));
    equal(
        store -> {
          store.save(
              owner,
              ConversationDocument.ofEntries(
                  NewConversation.ofId("c1").withTitle(title),
                  List.of(
                      ConversationDocument.Entry.of(
                              Message.user(title).withId(new UUID(seed, title.hashCode())))
                          .withCreatedAt(expires))));
          return header(store.find(owner, "c1").orElseThrow());
        });
  }

  private Instant time() {
    return Instant.ofEpochSecond(
        random.nextLong(-62_135_596_800L, 253_402_300_800L), random.nextInt(1_000_000_000));
  }

  private void edit() {
    String text = text();
    UUID id = new UUID(seed, 7);
    equal(store -> store.createIfAbsent(owner, NewConversation.ofId("c0")).id());
    equal(store -> store.append(owner, "c0", Message.user("edited").withId(id)).get(0).id());
    Map<String, Object> json = map(3);
    equal(
        store -> {
          ContentPart part = new ContentPart.Unknown(json);
          return store.edit(owner, "c0", id, MessageEdit.of(List.of(part))).message();
        });
    equal(store -> store.edit(owner, text, UUID.randomUUID(), MessageEdit.text(text)).message());
  }

  private void query() {
    String text = text();
    int limit = one(List.of(1, 2, 1_000, 0, -1, 1_001, Integer.MAX_VALUE, Integer.MIN_VALUE));
    equal(
        store ->
            store.search(owner, SearchQuery.of(text).withLimit(limit)).items().stream()
                .map(hit -> hit.message().message())
                .toList());
    equal(store -> texts(store.messagesByTool(owner, ToolQuery.of(text).withLimit(limit)).items()));
    equal(
        store ->
            store
                .list(owner, ConversationQuery.all().withTag(text).withLimit(limit))
                .items()
                .stream()
                .map(Conversation::id)
                .toList());
    equal(store -> texts(store.messages(owner, text, MessageQuery.first(limit)).items()));
  }

  private void cursor() {
    equal(store -> store.createIfAbsent(owner, NewConversation.ofId("c0")).id());
    UUID id = new UUID(seed, 11);
    equal(store -> store.append(owner, "c0", Message.user("hello").withId(id)).get(0).id());
    int field = random.nextInt(6);
    String value = random.nextBoolean() ? text() : number();
    MessageQuery query = random.nextBoolean() ? MessageQuery.first(1) : MessageQuery.last(1);
    Direction direction = query.direction();
    equal(
        store ->
            texts(
                store
                    .messages(
                        owner,
                        "c0",
                        MessageQuery.of(direction, 2)
                            .withCursor(
                                forged(store.messages(owner, "c0", query).cursor(), field, value)))
                    .items()));
    equal(
        store ->
            texts(
                store
                    .history(
                        owner,
                        MessageQuery.of(direction, 2)
                            .withCursor(forged(store.history(owner, query).cursor(), field, value)))
                    .items()));
    equal(
        store ->
            store
                .list(
                    owner,
                    ConversationQuery.all()
                        .withCursor(
                            forged(
                                store.list(owner, ConversationQuery.all().withLimit(1)).cursor(),
                                field,
                                value)))
                .items()
                .size());
    equal(store -> store.list(owner, ConversationQuery.all().withCursor(new Cursor(value))).size());
  }

  private static Cursor forged(Cursor real, int field, String value) {
    String text = new String(Base64.getUrlDecoder().decode(real.token()), StandardCharsets.UTF_8);
    String[] fields = text.split("\\|", -1);
    fields[Math.min(field, fields.length - 1)] = value;
    if (fields[0].equals("m") && fields[3].matches("[+-]?0+")) {
      // Only a hybrid knows this value: a page of messages then missing in the database.
      fields[3] = "9";
    }
    return new Cursor(
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(String.join("|", fields).getBytes(StandardCharsets.UTF_8)));
  }

  private void operate() {
    Duration age = Duration.ofSeconds(one(AGES));
    // Ages short enough to match fresh data are left to tests that own the whole store.
    boolean harmless = age.isNegative() || age.toDays() > 3_000;
    equal(store -> store.operator().activeUsers("fuzz-none", age, one(List.of(1))).size());
    if (harmless) {
      equal(store -> store.operator().deleteMessagesOlderThan(age));
      equal(store -> store.operator().archiveIdle(age));
      equal(store -> store.operator().purgeDeleted(age));
    }
  }

  // Values

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private String text() {
    return random.nextInt(4) == 0 ? one(WORDS) : one(TEXTS);
  }

  private String number() {
    return one(NUMBERS);
  }

  private Map<String, Object> map(int depth) {
    Map<String, Object> map = new LinkedHashMap<>();
    int size = random.nextInt(4);
    for (int i = 0; i < size; i++) {
      Object value =
          switch (random.nextInt(depth > 0 ? 6 : 4)) {
            case 0 -> text();
            case 1 -> random.nextDouble();
            case 2 -> random.nextLong();
            case 3 -> new java.math.BigDecimal(one(NUMBERS.subList(0, 11)));
            case 4 -> map(depth - 1);
            default -> List.of(map(depth - 1), text());
          };
      map.put(random.nextBoolean() ? one(NAMES) : text(), value);
    }
    return map;
  }

  private String message() {
    StringBuilder json = new StringBuilder("{\"role\":\"user\",\"content\":");
    value(json, 2);
    for (int i = random.nextInt(4); i > 0; i--) {
      json.append(',').append(quoted(one(NAMES))).append(':');
      value(json, 3);
    }
    return json.append('}').toString();
  }

  private void value(StringBuilder json, int depth) {
    switch (random.nextInt(depth > 5 ? 4 : 8)) {
      case 0 -> json.append(number());
      case 1 -> json.append(quoted(text()));
      case 2 -> json.append(quoted(one(WORDS)));
      case 3 -> json.append(one(List.of("null", "true", "false", "NaN", "-Infinity")));
      case 4, 5 -> {
        json.append('{');
        int size = random.nextInt(4);
        for (int i = 0; i < size; i++) {
          json.append(i == 0 ? "" : ",").append(quoted(one(NAMES))).append(':');
          value(json, depth + 1);
        }
        json.append('}');
      }
      default -> {
        json.append('[');
        int size = random.nextInt(4);
        for (int i = 0; i < size; i++) {
          json.append(i == 0 ? "" : ",");
          value(json, depth + 1);
        }
        json.append(']');
      }
    }
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c == '"' || c == '\\' || Character.isSurrogate(c)) {
        json.append(String.format("\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }

  // Results

  private static List<Object> contents(ConversationStore store, Owner owner) {
    List<Object> all = new ArrayList<>();
    for (Conversation conversation :
        store.list(owner, ConversationQuery.all().withLimit(1_000)).items().stream()
            .sorted(java.util.Comparator.comparing(Conversation::id))
            .toList()) {
      all.add(header(conversation));
      for (StoredMessage message :
          store.messages(owner, conversation.id(), MessageQuery.first(1_000)).items()) {
        all.add(message.message());
      }
    }
    return all;
  }

  private List<Object> contents(ConversationStore store) {
    return contents(store, owner);
  }

  private static List<Object> header(Conversation conversation) {
    return List.of(
        conversation.id(),
        conversation.title(),
        conversation.status(),
        conversation.settings(),
        conversation.metadata(),
        conversation.tags(),
        String.valueOf(conversation.expiresAt()),
        conversation.messageCount(),
        conversation.usage());
  }

  private static List<String> texts(List<StoredMessage> messages) {
    return messages.stream().map(StoredMessage::text).toList();
  }

  private Object outcome(Function<ConversationStore, Object> call, ConversationStore store) {
    try {
      return call.apply(store);
    } catch (StoreUnavailableException unavailable) {
      throw new AssertionError(step, unavailable);
    } catch (IllegalArgumentException | ConversationStoreException typed) {
      return typed;
    } catch (RuntimeException raw) {
      throw new AssertionError(step + ": an error of no type of the interface", raw);
    }
  }

  /** Makes the same call on all stores; returns the outcome, which must be equal. */
  private List<Object> equal(Function<ConversationStore, Object> call) {
    List<Object> outcomes = new ArrayList<>();
    stores.forEach(
        (name, store) -> {
          Object outcome = outcome(call, store);
          if (!outcomes.isEmpty()) {
            Object first = outcomes.get(0);
            assertThat(shown(outcome)).as("%s: %s", step, name).isEqualTo(shown(first));
          }
          outcomes.add(outcome);
        });
    return outcomes;
  }

  private static Object shown(Object outcome) {
    return outcome instanceof RuntimeException fault ? fault.getClass().getName() : outcome;
  }
}
