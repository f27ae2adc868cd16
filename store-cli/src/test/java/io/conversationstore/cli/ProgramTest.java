package io.conversationstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolCall;
import io.conversationstore.hybrid.ConversationStores;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The program on stores in files. */
class ProgramTest {

  private static final Owner BOB = Owner.of("acme", "bob");
  private static final Owner DEFAULT = Owner.of("default", "default");

  @TempDir Path root;

  private String dir(String name) {
    return root.resolve(name).toString();
  }

  private String file(String name, String contents) throws IOException {
    return Files.writeString(root.resolve(name), contents).toString();
  }

  private static ConversationStore open(String directory) {
    return ConversationStores.inFiles(Path.of(directory));
  }

  /** A store with all that a conversation can have. */
  private String filled() {
    String directory = dir("filled");
    try (ConversationStore store = open(directory)) {
      for (Owner owner : List.of(BOB, DEFAULT)) {
        store.create(
            owner,
            NewConversation.ofId("c1")
                .withTitle("Tea")
                .withTags("home", "tea")
                .withPinned(true)
                .withSettings(Map.of("model", "m"))
                .withMetadata(Map.of("source", "test")));
        List<StoredMessage> stored =
            store.append(
                owner,
                "c1",
                Message.user("One chai latte, please"),
                Message.calling(
                    ToolCall.function("call_0", "order", "{\"what\" :  \"chai latte\"}")),
                Message.toolResult("call_0", "order", "ordered").withToolError(true),
                Message.assistant("Done").withModel("m-1").withMetadata(Map.of("x", 1)));
        store.edit(owner, "c1", stored.get(3).id(), MessageEdit.text("Done!"));
        store.create(owner, NewConversation.ofId("c2"));
        store.archive(owner, "c2");
        store.updatePreferences(owner, PreferencesUpdate.none().withActiveConversation("c1"));
      }
    }
    return directory;
  }

  /** Everything of a store, in the lossless format. */
  private String everything(String directory) {
    Run run = Run.ok("export", "--dir", directory, "--all-users");
    // The generation counts deletes in one store; the first line has the time of the export.
    return run.out()
        .lines()
        .skip(1)
        .map(line -> line.replaceAll("\"generation\":[0-9]+,", ""))
        .reduce("", (all, line) -> all + line + "\n");
  }

  @Test
  void projectLinesMakeAnEqualStore() {
    String from = filled();
    String out = dir("all.jsonl");
    Run.ok("export", "-d", from, "--all-users", "-o", out);
    Run.ok("import", "-d", dir("to"), out);
    assertThat(everything(dir("to"))).isEqualTo(everything(from)).contains("\"edited_at\"");
  }

  @Test
  void conversationsJsonMakesAnEqualStoreOfOneOwner() {
    String from = filled();
    String out = dir("c.json");
    Run.ok("export", "-d", from, "-o", out);
    Run.ok("import", "-d", dir("to"), out);
    assertThat(Run.ok("export", "-d", dir("to"), "-f", "conversations-json").out())
        .isEqualTo(Run.ok("export", "-d", from, "-f", "conversations-json").out());
  }

  @Test
  void importingAgainChangesNothing() throws IOException {
    String chat =
        file(
            "chat.jsonl",
            """
            {"conversation_id":"a","messages":[{"role":"user","content":"1"}]}
            {"messages":[{"role":"user","content":"2"}]}
            """);
    Run.ok("import", "-d", dir("s"), chat);
    String once = everything(dir("s"));
    Run.ok("import", "-d", dir("s"), chat);
    assertThat(everything(dir("s"))).isEqualTo(once);
  }

  @Test
  void importingAgainKeepsEditsAndBringsBackWhatWasDeleted() throws IOException {
    String chat =
        file(
            "chat.jsonl",
            """
            {"conversation_id":"a","messages":[{"role":"user","content":"1"}]}
            {"conversation_id":"b","messages":[{"role":"user","content":"2"}]}
            """);
    Run.ok("import", "-d", dir("s"), chat);
    try (ConversationStore store = open(dir("s"))) {
      StoredMessage message = store.last(DEFAULT, "a", 1).get(0);
      store.edit(DEFAULT, "a", message.id(), MessageEdit.text("one"));
      store.update(DEFAULT, "a", ConversationUpdate.touch().withTitle("mine"));
      store.delete(DEFAULT, "b");
    }
    Run.ok("import", "-d", dir("s"), chat);
    try (ConversationStore store = open(dir("s"))) {
      assertThat(store.last(DEFAULT, "a", 9))
          .extracting(StoredMessage::text)
          .containsExactly("one");
      assertThat(store.find(DEFAULT, "a").orElseThrow().title()).isEqualTo("mine");
      assertThat(store.last(DEFAULT, "b", 9)).extracting(StoredMessage::text).containsExactly("2");
    }
  }

  @Test
  void aMessageThatWasDeletedAloneStaysDeleted() {
    String from = filled();
    String out = dir("all.jsonl");
    Run.ok("export", "-d", from, "-o", out);
    try (ConversationStore store = open(from)) {
      StoredMessage edited = store.last(DEFAULT, "c1", 1).get(0);
      assertThat(edited.editedAt()).isNotNull();
      assertThat(store.deleteMessage(DEFAULT, "c1", edited.id())).isTrue();
    }
    Run again = Run.ok("import", "-d", from, out);
    assertThat(again.err()).contains("a change in conversation c1 is left out");
    try (ConversationStore store = open(from)) {
      assertThat(store.last(DEFAULT, "c1", 9)).hasSize(3);
    }
  }

  @Test
  void badRecordsAreReportedAndTheRestIsImported() throws IOException {
    String chat =
        file(
            "chat.jsonl",
            """
            {"conversation_id":"a","messages":[{"role":"user","content":"1"}]}
            {"conversation_id":"b","messages":[{"role":"nobody","content":"2"}]}
            {"conversation_id":"c","messages":[{"role":"user","content":"3"}]}
            """);
    Run run = Run.of("import", "-d", dir("s"), chat);
    assertThat(run.exitCode()).isEqualTo(ExitCode.FINDINGS);
    assertThat(run.out()).contains("2 conversations, 2 messages").contains("1 bad record left out");
    assertThat(run.err()).contains("chat.jsonl, line 2, conversation b, message 1: role must be");
    Run strict = Run.of("import", "--strict", "-d", dir("strict"), chat);
    assertThat(strict.exitCode()).isEqualTo(ExitCode.FINDINGS);
    assertThat(strict.err()).contains("ended at the first bad record");
  }

  @Test
  void aLargeConversationIsImportedInParts() throws IOException {
    StringBuilder messages = new StringBuilder();
    for (int i = 0; i < 6_000; i++) {
      messages.append(i == 0 ? "" : ",");
      messages.append("{\"role\":\"user\",\"content\":\"").append(i).append("\"}");
    }
    String chat = file("c.jsonl", "{\"id\":\"a\",\"messages\":[" + messages + "]}\n");
    Run.ok("import", "-d", dir("s"), chat);
    try (ConversationStore store = open(dir("s"))) {
      assertThat(store.count(DEFAULT).messages()).isEqualTo(6_000);
      assertThat(store.last(DEFAULT, "a", 1).get(0).text()).isEqualTo("5999");
    }
  }

  @Test
  void aZipAndTheStandardInput() throws IOException {
    String chat = "{\"a\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    Path zip = root.resolve("export.zip");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
      out.putNextEntry(new ZipEntry("export/conversations.json"));
      out.write(chat.getBytes(StandardCharsets.UTF_8));
      out.putNextEntry(new ZipEntry("export/user.json"));
      out.write("{}".getBytes(StandardCharsets.UTF_8));
    }
    Run.ok("import", "-d", dir("z"), zip.toString());
    Run piped = Run.with(Map.of(), Screen.Terminals.NONE, chat, "import", "-d", dir("i"), "-");
    assertThat(piped.exitCode()).isEqualTo(ExitCode.OK);
    for (String store : List.of(dir("z"), dir("i"))) {
      assertThat(Run.ok("list", "-d", store, "--json").lines()).hasSize(1);
    }
  }

  @Test
  void showPutsResultsBelowTheirCalls() {
    Run run = Run.ok("show", "-d", filled(), "c1");
    assertThat(run.out())
        .startsWith("Tea\nc1  4 messages")
        .contains("\n  One chai latte, please\n")
        .contains("→ order  call_0\n      {\"what\" :  \"chai latte\"}\n  ← order failed  call_0")
        .contains("\n      ordered\n")
        .contains("  m-1  edited")
        .doesNotContain("\u001b");
  }

  @Test
  void coloursAreForTerminalsAndCanBeSwitchedOff() {
    String store = filled();
    Screen.Terminals terminal = new Screen.Terminals(true, true, true, 80);
    String[] show = {"show", "-d", store, "c1"};
    assertThat(Run.with(Map.of(), terminal, "", show).out()).contains("\u001b[");
    assertThat(Run.with(Map.of("NO_COLOR", "1"), terminal, "", show).out())
        .doesNotContain("\u001b");
    assertThat(Run.with(Map.of(), terminal, "", "show", "--no-color", "-d", store, "c1").out())
        .doesNotContain("\u001b");
  }

  @Test
  void storedTextDoesNotControlTheTerminal() {
    try (ConversationStore store = open(dir("s"))) {
      store.create(DEFAULT, NewConversation.ofId("c").withTitle("t"));
      store.append(DEFAULT, "c", Message.user("a\u001b]0;owned\u0007b\u202Ec"));
    }
    assertThat(Run.ok("show", "-d", dir("s"), "c").out())
        .contains("a\uFFFD]0;owned\uFFFDb\uFFFDc")
        .doesNotContain("\u001b");
  }

  @Test
  void listSearchUsersStatsAndStatus() {
    String store = filled();
    assertThat(Run.ok("list", "-d", store, "-t", "acme", "-u", "bob").lines()).hasSize(3);
    assertThat(Run.ok("list", "-d", store, "--archived", "--json").lines()).hasSize(1);
    assertThat(Run.ok("list", "-d", store, "-u", "nobody").err()).contains("no conversations of");
    assertThat(Run.ok("search", "-d", store, "chai", "latte").out()).contains("chai latte");
    assertThat(Run.ok("users", "-d", store).lines())
        .containsExactly("--tenant acme --user bob", "--tenant default --user default");
    assertThat(Run.ok("stats", "-d", store, "--json").out()).contains("\"conversations\":4");
    assertThat(Run.ok("status", "-d", store).out()).contains("local only").contains("passed");
    assertThat(Run.ok("verify", "-d", store).out()).contains("sound");
  }

  @Test
  void nothingIsDestroyedWithoutYes() {
    String store = filled();
    Run refused = Run.of("erase", "-d", store, "c1");
    assertThat(refused.exitCode()).isEqualTo(ExitCode.NOT_CONFIRMED);
    assertThat(refused.err()).contains("Add --yes");
    Screen.Terminals terminal = new Screen.Terminals(true, true, true, 80);
    Run no = Run.with(Map.of(), terminal, "n\n", "erase", "-d", store, "c1");
    assertThat(no.exitCode()).isEqualTo(ExitCode.NOT_CONFIRMED);
    assertThat(Run.ok("list", "-d", store, "--json").lines()).hasSize(2);
    Run yes = Run.with(Map.of(), terminal, "y\n", "erase", "-d", store, "c1");
    assertThat(yes.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(Run.ok("list", "-d", store, "--json").lines()).hasSize(1);
    Run.ok("erase", "-d", store, "--user", "default", "--everything", "--yes");
    assertThat(Run.ok("users", "-d", store).lines()).containsExactly("--tenant acme --user bob");
  }

  @Test
  void retentionCountsFirst() {
    String store = filled();
    assertThat(Run.ok("retention", "-d", store, "--archive-idle", "0", "--dry-run").out())
        .isEqualTo("2 conversations would be archived\n");
    assertThat(Run.of("retention", "-d", store, "--archive-idle", "0").exitCode())
        .isEqualTo(ExitCode.NOT_CONFIRMED);
    assertThat(Run.ok("retention", "-d", store, "--archive-idle", "0", "--yes").out())
        .isEqualTo("2 conversations archived\n");
  }

  @Test
  void archiveAndBack() {
    String store = filled();
    Run.ok("archive", "-d", store, "c1");
    assertThat(Run.ok("list", "-d", store, "--archived", "--json").lines()).hasSize(2);
    Run.ok("archive", "--undo", "-d", store, "c1", "c2");
    assertThat(Run.ok("list", "-d", store, "--archived", "--json").lines()).isEmpty();
  }

  @Test
  void copyMakesAnEqualStore() {
    String from = filled();
    Run.ok("copy", "-d", from, "--to-dir", dir("to"), "--all-users");
    Run.ok("copy", "-d", from, "--to-dir", dir("to"), "--all-users");
    assertThat(everything(dir("to"))).isEqualTo(everything(from));
  }

  @Test
  void aDamagedDirectoryIsFoundAndRepaired() throws IOException {
    String store = filled();
    Path log;
    try (Stream<Path> files = Files.list(Path.of(store))) {
      log =
          files
              .filter(each -> each.getFileName().toString().endsWith(".jsonl"))
              .findFirst()
              .orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(log);
    bytes[bytes.length / 3] ^= 0x15;
    Files.write(log, bytes);
    Run verified = Run.of("verify", "-d", store);
    assertThat(verified.exitCode()).isEqualTo(ExitCode.DAMAGED);
    assertThat(verified.out()).contains("DAMAGED");
    assertThat(Run.of("repair", "-d", store).exitCode()).isEqualTo(ExitCode.NOT_CONFIRMED);
    Run.ok("repair", "-d", store, "--yes");
    Run.ok("verify", "-d", store);
    Run.ok("list", "-d", store);
  }

  @ParameterizedTest
  @ValueSource(strings = {"list", "status", "verify", "repair", "compact", "users", "stats"})
  void aWrongPathIsNamedAndNothingIsCreated(String command) {
    Run run = Run.of(command, "--dir", dir("nowhere"));
    assertThat(run.exitCode()).isEqualTo(ExitCode.NOT_FOUND);
    assertThat(run.err())
        .isEqualTo(
            "conversations: directory " + dir("nowhere") + " does not exist; check the path\n");
    assertThat(root.resolve("nowhere")).doesNotExist();
  }

  @Test
  void wrongArgumentsSayWhatToDo() throws IOException {
    String store = filled();
    assertThat(Run.of("lsit").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(Run.of("expor").err()).contains("export");
    assertThat(Run.of("export", "-d", store, "-f", "docx").err()).contains("must be one of jsonl");
    assertThat(Run.of("show", "-d", store, "nope").exitCode()).isEqualTo(ExitCode.NOT_FOUND);
    Run text = Run.of("import", "-d", dir("new"), file("notes.txt", "hello"));
    assertThat(text.exitCode()).isEqualTo(ExitCode.FILE);
    assertThat(root.resolve("new")).doesNotExist();
    assertThat(Run.of("list", "-d", file("f", "")).err()).contains("is a file, not a directory");
    assertThat(Run.of("sync", "-d", store).exitCode()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void aDirectoryInUseIsNamed() {
    String directory = filled();
    try (ConversationStore store = open(directory)) {
      Run run = Run.of("list", "-d", directory);
      assertThat(store.count(BOB).conversations()).isEqualTo(2);
      assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
      assertThat(run.err().lines()).hasSize(1);
      assertThat(run.err()).contains("Stop the other program");
    }
  }

  @Test
  void anExportReplacesItsFileOnlyWhenComplete() throws IOException {
    String store = filled();
    String out = file("out.jsonl", "before");
    Interruption interruption = new Interruption();
    interruption.request();
    Screen screen =
        new Screen(
            new ByteArrayInputStream(new byte[0]),
            new Output(OutputStream.nullOutputStream()),
            new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
            Screen.Terminals.NONE);
    int exitCode = Program.run(screen, Map.of(), interruption, "export", "-d", store, "-o", out);
    assertThat(exitCode).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(Files.readString(Path.of(out))).isEqualTo("before");
    try (Stream<Path> files = Files.list(root)) {
      assertThat(files.map(each -> each.getFileName().toString()))
          .noneMatch(n -> n.endsWith(".tmp"));
    }
  }

  @Test
  void aClosedPipeEndsQuietly() {
    String store = filled();
    java.io.ByteArrayOutputStream err = new java.io.ByteArrayOutputStream();
    OutputStream closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    Screen screen =
        new Screen(
            new ByteArrayInputStream(new byte[0]),
            new Output(closed),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            Screen.Terminals.NONE);
    int exitCode =
        Program.run(screen, Map.of(), new Interruption(), "export", "-d", store, "--all-users");
    assertThat(exitCode).isEqualTo(ExitCode.CLOSED_PIPE);
    assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void theVariablesNameTheStoreToo() {
    String store = filled();
    Run run = Run.with(Map.of("DATA_PATH", store), Screen.Terminals.NONE, "", "list", "--json");
    assertThat(run.lines()).hasSize(2);
  }

  @Test
  void helpAndCompletionKnowEveryCommand() {
    String help = Run.ok("--help").out();
    String completion = Run.ok("completion").out();
    for (String command :
        Conversations.commandLine(
                new Context(
                    new Screen(
                        new ByteArrayInputStream(new byte[0]),
                        new Output(OutputStream.nullOutputStream()),
                        System.err,
                        Screen.Terminals.NONE),
                    Map.of(),
                    new Interruption()))
            .getSubcommands()
            .keySet()) {
      assertThat(help).contains("  " + command + " ");
      assertThat(completion).contains(command);
      assertThat(Run.ok(command, "--help").out()).contains("Usage: conversations " + command);
    }
    assertThat(help).isEqualTo(Run.ok().out());
  }

  @Test
  void anErrorOfAFileIsInWords() {
    assertThat(
            Failures.file(
                new java.nio.file.FileSystemException("out", null, "No space left on device")))
        .isEqualTo("out: no space left on device; free some and repeat");
    assertThat(Failures.file(new java.nio.file.NoSuchFileException("x")))
        .isEqualTo("x does not exist; check the path");
  }
}
