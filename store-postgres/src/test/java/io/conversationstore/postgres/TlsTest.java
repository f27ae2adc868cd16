package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.testkit.TestPostgres;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * TLS to a server with a certificate of its own: checked in full, and refused where it is wrong.
 */
@EnabledOnOs(OS.LINUX)
class TlsTest {

  private static final char[] PASSWORD = "test-only".toCharArray();

  @TempDir static Path directory;

  private static TestPostgres server;
  private static Databases database;
  private static Path trusted;
  private static Path stranger;

  @BeforeAll
  static void start() throws Exception {
    server = TestPostgres.builder().start();
    database = Databases.on(server);
    trusted = certificate("server");
    stranger = certificate("stranger");
    KeyStore keys = keys("server");
    Key key = keys.getKey("server", PASSWORD);
    put("server.crt", Files.readString(trusted));
    put("server.key", pem("PRIVATE KEY", key.getEncoded()));
    database.text("ALTER SYSTEM SET ssl = on");
    database.text("SELECT pg_reload_conf()");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** A key of its own with a certificate for localhost, signed by itself. */
  private static Path certificate(String name) throws Exception {
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    List<String> command =
        new ArrayList<>(List.of(keytool, "-genkeypair", "-alias", name, "-keyalg", "EC"));
    command.addAll(List.of("-dname", "CN=localhost", "-ext", "SAN=dns:localhost"));
    command.addAll(List.of("-validity", "2", "-storetype", "PKCS12"));
    command.addAll(List.of("-storepass", String.valueOf(PASSWORD)));
    command.addAll(List.of("-keystore", directory.resolve(name + ".p12").toString()));
    File log = directory.resolve(name + ".log").toFile();
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(log.toPath())).isZero();
    Path file = directory.resolve(name + ".crt");
    Files.writeString(file, pem("CERTIFICATE", keys(name).getCertificate(name).getEncoded()));
    return file;
  }

  private static KeyStore keys(String name) throws Exception {
    return KeyStore.getInstance(directory.resolve(name + ".p12").toFile(), PASSWORD);
  }

  private static String pem(String kind, byte[] content) {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    return "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n";
  }

  /** Lets the server write the file itself, so that it belongs to the server's user. */
  private static void put(String file, String content) throws Exception {
    String base64 = Base64.getEncoder().encodeToString(content.getBytes(StandardCharsets.US_ASCII));
    database.text(
        "COPY (SELECT '" + base64 + "') TO PROGRAM 'umask 077; base64 -d > " + file + "'");
  }

  private static PostgresOptions options(String host, String mode, Path root) {
    return PostgresOptions.url(
            "jdbc:postgresql://"
                + host
                + ":"
                + server.port()
                + "/"
                + database.name
                + "?sslrootcert="
                + root)
        .withLogin(server.user(), server.password())
        .withSslMode(mode);
  }

  @Test
  void row_1_10_theCertificateIsCheckedInFull() throws Exception {
    try (ConversationStore store =
        PostgresStore.open(options("localhost", "verify-full", trusted))) {
      store.create(ALICE, NewConversation.ofId("c"));
      store.append(ALICE, "c", Message.user("over TLS"));
      assertThat(store.last(ALICE, "c", 1)).hasSize(1);
      assertThat(
              database.text(
                  "SELECT string_agg(DISTINCT s.ssl::text, ',') FROM pg_stat_ssl s JOIN"
                      + " pg_stat_activity a USING (pid) WHERE a.application_name ="
                      + " 'conversation-store' AND a.datname = current_database()"))
          .isEqualTo("true");
    }
  }

  @Test
  void row_1_10_anotherCertificateOrHostIsRefused() {
    refused(options("localhost", "verify-full", stranger));
    refused(options("127.0.0.1", "verify-full", trusted));
  }

  private static void refused(PostgresOptions options) {
    try (ConversationStore store = PostgresStore.open(options)) {
      EngineFailureException error =
          catchThrowableOfType(
              EngineFailureException.class, () -> store.append(ALICE, "c", Message.user("x")));
      assertThat(error).isNotNull();
      assertThat(error.isOutcomeUnknown()).isFalse();
    }
  }

  @Test
  void row_1_10_aServerWithoutTlsIsRefused() {
    TestPostgres plain = TestPostgres.shared();
    PostgresOptions options =
        PostgresOptions.at(plain.host(), plain.port(), plain.createDatabase())
            .withLogin(plain.user(), plain.password())
            .withSslMode("require");
    refused(options);
  }
}
