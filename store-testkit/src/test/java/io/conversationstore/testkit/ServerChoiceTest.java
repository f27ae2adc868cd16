package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.testkit.ServerChoice.Kind;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServerChoiceTest {

  private static final String URL = "jdbc:postgresql://db.example:6543/app?password=secret";

  @Test
  void takesTheUrlThatIsGivenAndDoesNotAskDocker() {
    ServerChoice choice =
        ServerChoice.decide(
            Map.of(ServerChoice.URL, URL, ServerChoice.USER, "u", ServerChoice.PASSWORD, "p"),
            ServerChoiceTest::mustNotBeAsked,
            false);

    assertThat(choice).isEqualTo(new ServerChoice(Kind.EXTERNAL, URL, "u", "p"));
  }

  @Test
  void needsNoLoginApartFromTheUrl() {
    ServerChoice choice =
        ServerChoice.decide(Map.of(ServerChoice.URL, URL), ServerChoiceTest::mustNotBeAsked, false);

    assertThat(choice).isEqualTo(new ServerChoice(Kind.EXTERNAL, URL, null, null));
  }

  @Test
  void takesAContainerWhereDockerAnswers() {
    assertThat(ServerChoice.decide(Map.of(), () -> true, false).kind()).isEqualTo(Kind.CONTAINER);
  }

  @Test
  void takesTheBinariesOtherwise() {
    assertThat(ServerChoice.decide(Map.of(), () -> false, false).kind()).isEqualTo(Kind.EMBEDDED);
  }

  @Test
  void takesABlankUrlForNone() {
    assertThat(ServerChoice.decide(Map.of(ServerChoice.URL, " "), () -> false, false).kind())
        .isEqualTo(Kind.EMBEDDED);
  }

  @Test
  void givesAProcessOfItsOwnToATestThatDemandsOne() {
    ServerChoice choice =
        ServerChoice.decide(Map.of(ServerChoice.URL, URL), ServerChoiceTest::mustNotBeAsked, true);

    assertThat(choice).isEqualTo(new ServerChoice(Kind.EMBEDDED, null, null, null));
  }

  @Test
  void refusesAUrlOfAnotherDatabaseWithoutShowingIt() {
    Map<String, String> environment = Map.of(ServerChoice.URL, "jdbc:other:secret");

    assertThatThrownBy(() -> ServerChoice.decide(environment, () -> false, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(ServerChoice.URL)
        .hasMessageNotContaining("secret");
  }

  @Test
  void doesNotPrintThePassword() {
    assertThat(new ServerChoice(Kind.EXTERNAL, URL, "u", "hidden").toString())
        .doesNotContain("secret", "hidden");
  }

  private static boolean mustNotBeAsked() {
    throw new AssertionError("Docker was asked");
  }
}
