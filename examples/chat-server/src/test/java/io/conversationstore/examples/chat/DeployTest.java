package io.conversationstore.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard and the alerts ask for metrics that the server has. */
class DeployTest {

  private static final Pattern METRIC = Pattern.compile("\\b(?:conversation_store|chat)_[a-z_]+");
  private static final Pattern ALERT = Pattern.compile("alert: (\\w+)");

  @TempDir Path directory;

  @Test
  void theDashboardAndTheAlertsAskForMetricsOfTheServer() throws Exception {
    String dashboard = Files.readString(Path.of("deploy", "grafana-dashboard.json"));
    String alerts = Files.readString(Path.of("deploy", "prometheus-alerts.yaml"));
    Set<String> asked = new TreeSet<>(found(METRIC, 0, dashboard + alerts));
    assertThat(asked).hasSizeGreaterThan(8);
    try (TestServer server = TestServer.inFiles(directory.resolve("data"))) {
      server.user("alice").send("GET", "/conversations").expect(200);
      String metrics = server.nobody().send("GET", "/metrics").expect(200).response().body();
      assertThat(found(Pattern.compile("(?m)^[a-z_]+(?=[ {])"), 0, metrics)).containsAll(asked);
    }
  }

  @Test
  void eachOfTheSixAlertsHasAPanelAndATest() throws Exception {
    List<String> alerts =
        found(ALERT, 1, Files.readString(Path.of("deploy", "prometheus-alerts.yaml")));
    assertThat(alerts).hasSize(6);
    for (String file : List.of("grafana-dashboard.json", "prometheus-alerts-test.yaml")) {
      assertThat(Files.readString(Path.of("deploy", file))).contains(alerts);
    }
  }

  private static List<String> found(Pattern pattern, int group, String text) {
    return pattern
        .matcher(text)
        .results()
        .map((MatchResult match) -> match.group(group))
        .collect(Collectors.toList());
  }
}
