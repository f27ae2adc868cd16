package io.conversationstore.examples.chat.story;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.TestPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Walks the page in a headless Chromium, by keyboard, through an outage of the database, and takes
 * the screenshots. Skipped with a message where there is no Chromium.
 */
public final class Walk {

  private static final String ATTACK =
      "<script>window.hacked = 1</script> <img src=x onerror=\"window.hacked = 1\">"
          + " [a link](javascript:window.hacked=1) [another](https://example.org/)";

  private static final int MANY = 10_000;
  private static final int BATCH = 100;

  private final TestPostgres postgres;
  private final String database;
  private final Path screenshots;
  private final int port;
  private int checks;

  private Walk(TestPostgres postgres, String database, Path screenshots, int port) {
    this.postgres = postgres;
    this.database = database;
    this.screenshots = screenshots;
    this.port = port;
  }

  /** Walks; an error ends it with 1. */
  public static void main(String[] arguments) throws Exception {
    Optional<Path> program = Browser.program();
    if (program.isEmpty()) {
      System.out.println("CHAT-WALK skipped: no Chromium on the path");
      return;
    }
    Path root = Files.createTempDirectory("conversation-store-chat-walk");
    Path screenshots = Path.of(System.getProperty("walk.screenshots", root.toString()));
    try (TestPostgres postgres = TestPostgres.builder().durable(true).start()) {
      String database = postgres.createDatabase();
      try (ServerProcess server =
              ServerProcess.start(root, ServerProcess.database(postgres, database));
          Browser browser = Browser.start(program.get(), root.resolve("profile"))) {
        Walk walk = new Walk(postgres, database, screenshots, server.port());
        walk.walk(browser);
        System.out.println("CHAT-WALK passed: " + walk.checks + " checks");
      }
    } finally {
      Story.remove(root);
    }
    System.exit(0);
  }

  private void walk(Browser browser) throws Exception {
    String url = "http://127.0.0.1:" + port + "/?user=alice";
    Tab tab = browser.open(url);
    tab.size(1280, 800, false);
    tab.dark(false);
    tab.await("the store is online", "document.querySelector('#state').dataset.mode === 'online'");
    askByKeyboard(tab);
    Tab second = browser.open(String.valueOf(tab.value("location.href").asText()));
    second.await("the second tab shows the answer", ended(1));
    noMarkupOfAMessageRuns(tab, tab.value("location.hash").asText().replace("#/c/", ""));
    outage(tab, second);
    searchAndRename(tab);
    forkByKeyboard(tab);
    usable(tab, "a conversation");
    tab.goTo("#do-delete");
    tab.enter();
    tab.await("it asks first", "document.querySelector('#sure').open");
    usable(tab, "the question before a delete");
    tab.press("Escape", "Escape", 27, 0, "");
    phoneAndDark(tab);
    manyConversations(browser);
    List<String> complaints = browser.complaints();
    check("complaints of the browser: " + complaints, complaints.isEmpty());
  }

  private void check(String what, boolean good) {
    if (!good) {
      throw new IllegalStateException("wrong: " + what);
    }
    checks++;
  }

  private static String ended(int answers) {
    return "[...document.querySelectorAll('article[data-role=assistant] .end')]"
        + ".filter((each) => each.textContent.includes('tokens')).length >= "
        + answers;
  }

  private static String shows(String text) {
    return "document.querySelector('#log').textContent.includes('" + text + "')";
  }

  private void askByKeyboard(Tab tab) throws Exception {
    tab.press("n", "KeyN", 78, Tab.ALT, "");
    tab.await("the question has the focus", "document.activeElement.id === 'question'");
    tab.type("Count the words of my order: one chai latte, please");
    tab.enter();
    tab.await("the answer has ended", ended(1));
    check("the tool call is folded", tab.is("document.querySelector('details:not([open])')"));
    check("code is drawn", tab.is("document.querySelector('#log pre code')"));
    check(
        "the conversation is in the list",
        tab.is("document.querySelector('#list a[aria-current=page]')"));
    tab.screenshot(screenshots.resolve("chat.png"));
  }

  private void noMarkupOfAMessageRuns(Tab tab, String conversation) throws Exception {
    ChatClient.of(port, "alice").append(conversation, ATTACK, "attack").expect(201);
    tab.await("the message is shown as text", shows("<script>window.hacked = 1</script>"));
    check("no script ran", !tab.is("window.hacked"));
    check(
        "no element came of it",
        !tab.is("document.querySelector('#log script, #log article img')"));
    check(
        "only the safe link is one",
        tab.value("document.querySelectorAll('#log article[data-role=user] a').length").asInt()
            == 1);
    check("and leads to the web", tab.is("document.querySelector('#log a').protocol === 'https:'"));
  }

  private void outage(Tab tab, Tab second) throws Exception {
    postgres.kill();
    tab.goTo("#question");
    tab.type("Are you still there?");
    tab.enter();
    tab.await("the answer has ended", ended(2));
    tab.await(
        "the state line says so",
        "document.querySelector('#state').dataset.mode === 'offline'"
            + " && /changes? waiting/.test(document.querySelector('#state').textContent)");
    second.await("the second tab follows", ended(2));
    tab.screenshot(screenshots.resolve("offline.png"));
    postgres.restart();
    tab.await(
        "the state line says Online", "document.querySelector('#state').textContent === 'Online'");
    tab.reload();
    tab.await("all is there after a reload", ended(2));
    check("the question too", tab.is(shows("Are you still there?")));
    tab.await("nothing waits", "!" + shows("waiting for the database"));
  }

  private void searchAndRename(Tab tab) throws Exception {
    tab.press("/", "Slash", 191, 0, "/");
    tab.await("the search has the focus", "document.activeElement.id === 'search'");
    tab.type("latte");
    tab.await("the hit is marked", "document.querySelector('#list mark')?.textContent === 'latte'");
    tab.press("ArrowDown", "ArrowDown", 40, 0, "");
    tab.enter();
    tab.await("the message is shown", "document.querySelector('article.target')");
    tab.press("r", "KeyR", 82, Tab.ALT, "");
    tab.await("the name has the focus", "document.activeElement.id === 'name'");
    tab.type("Coffee order");
    tab.enter();
    tab.await("it has its name", "document.querySelector('#title').textContent === 'Coffee order'");
  }

  private void forkByKeyboard(Tab tab) throws Exception {
    String before = tab.value("location.hash").asText();
    tab.goTo("article[data-role=assistant] .actions button");
    tab.enter();
    tab.await("the fork is open", "!location.hash.startsWith('" + before.split("/m/")[0] + "')");
    tab.await("it has the first answer", ended(1));
    check("and no later message", !tab.is(shows("Are you still there?")));
    tab.await("it names its origin", "!document.querySelector('#origin').hidden");
    tab.goTo("#origin");
    tab.enter();
    tab.await("the origin is open", shows("Are you still there?"));
  }

  /** Nothing hinders people with a screen reader, a keyboard, or weak eyes. */
  private void usable(Tab tab, String view) throws Exception {
    check("controls without a name", tab.withoutName().isEmpty());
    List<String> hindrances = tab.hindrances();
    check("axe-core about " + view + ": " + hindrances, hindrances.isEmpty());
    check("axe-core has looked at " + view, tab.keptRules() > 10);
  }

  private void manyConversations(Browser browser) throws Exception {
    Owner bob = Owner.of("default", "bob");
    try (ConversationStore store =
        PostgresStore.open(
            PostgresOptions.url(postgres.jdbcUrl(database))
                .withLogin(postgres.user(), postgres.password()))) {
      for (int from = 0; from < MANY; from += BATCH) {
        List<ConversationDocument> batch = new ArrayList<>();
        for (int i = from; i < from + BATCH; i++) {
          batch.add(
              ConversationDocument.of(
                  NewConversation.titled("Conversation " + i).withId("many-" + i),
                  List.of(Message.user("Question " + i), Message.assistant("Answer " + i))));
        }
        store.save(bob, batch);
      }
    }
    Tab tab = browser.open("http://127.0.0.1:" + port + "/?user=bob");
    tab.await("a page of the list is shown", "document.querySelectorAll('#list a').length >= 100");
    System.out.printf(
        "CHAT-WALK with %,d conversations the list is shown %d ms after the page began%n",
        MANY, Math.round(tab.value("window.listShown").asDouble()));
    usable(tab, "a long list");
  }

  private void phoneAndDark(Tab tab) throws Exception {
    tab.dark(true);
    usable(tab, "the dark page");
    tab.screenshot(screenshots.resolve("dark.png"));
    tab.dark(false);
    tab.size(390, 844, true);
    tab.await("the page is as wide as the phone", "document.documentElement.scrollWidth <= 390");
    check(
        "one of list and conversation is shown",
        tab.is("getComputedStyle(document.querySelector('aside')).display === 'none'"));
    usable(tab, "the page on a phone");
    tab.screenshot(screenshots.resolve("phone.png"));
  }
}
